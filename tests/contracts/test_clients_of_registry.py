"""The clients of registry, of planning and of monitoring alike, against its own application and against bad answers."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from services.monitoring.clients import registry as of_monitoring
from services.planning.clients import registry as of_planning
from services.registry.api_clients.service import ensure_service_client
from shared.clock import read_clock
from shared.http import OwnerFailed, ServiceAuth, service_http
from shared.log import request_id, traceparent
from tests.house import Running

SECRET = "rahasia-yang-panjang"
NOBODY = UUID(int=1)
PROBLEM = "application/problem+json"
Client = of_planning.RegistryClient | of_monitoring.RegistryClient
Call = Callable[[Any], Awaitable[Any]]

CALLS: dict[str, tuple[type[Any], Call]] = {
    "planning's board": (of_planning.RegistryClient, lambda client: client.board(NOBODY)),
    "planning's terms": (of_planning.RegistryClient, lambda client: client.terms(NOBODY)),
    "planning's partner": (of_planning.RegistryClient, lambda client: client.partner(NOBODY)),
    "monitoring's board": (of_monitoring.RegistryClient, lambda client: client.board_place(NOBODY)),
}
FOLLOWING: dict[str, tuple[type[Any], Call]] = {
    f"{name}'s {what}": (kind, call)
    for name, kind in (("planning", of_planning.RegistryClient), ("monitoring", of_monitoring.RegistryClient))
    for what, call in (
        ("journal", lambda client: client.journal(after=0, wait=0)),
        ("head", lambda client: client.journal_head()),
    )
}

NO_ANSWER = [
    pytest.param(httpx.Response(404, text="not found"), id="a bare 404"),
    pytest.param(httpx.Response(404, text="<html>"), id="a page of a proxy"),
    pytest.param(httpx.Response(404, json={"code": "route.unknown"}, headers={"content-type": PROBLEM}), id="no route"),
    pytest.param(httpx.Response(404, json=["x"], headers={"content-type": PROBLEM}), id="a problem that is none"),
    pytest.param(httpx.Response(404, content=b"", headers={"content-type": PROBLEM}), id="an empty problem"),
    pytest.param(httpx.Response(500, json={"code": "server.failed"}, headers={"content-type": PROBLEM}), id="500"),
    pytest.param(httpx.Response(503), id="503"),
    pytest.param(httpx.Response(401, json={"code": "token.invalid"}, headers={"content-type": PROBLEM}), id="401"),
    pytest.param(httpx.Response(302, headers={"location": "http://elsewhere"}), id="another address"),
    pytest.param(httpx.Response(200, text="<html>it works</html>"), id="HTML"),
    pytest.param(httpx.Response(200, content=b""), id="nothing"),
    pytest.param(httpx.Response(200, content=b"\xff\xfe"), id="no text"),
]
WRONG_SHAPE = [
    pytest.param(httpx.Response(200, json=body), id=str(body))
    for body in ([], {}, None, {"id": "x"}, {"items": None}, {"items": [{"starts_on": "x"}]}, {"kelurahan_code": None})
]


def answering(answer: httpx.Response) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.MockTransport(lambda _: answer), base_url="http://registry")


@pytest.mark.parametrize("name", [*CALLS, *FOLLOWING])
@pytest.mark.parametrize("answer", NO_ANSWER)
async def test_what_is_no_answer_is_a_failed_owner_not_an_absent_row(name: str, answer: httpx.Response) -> None:
    kind, call = (CALLS | FOLLOWING)[name]

    async with answering(answer) as http:
        with pytest.raises(OwnerFailed):
            await call(kind(http))


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("answer", WRONG_SHAPE)
async def test_an_answer_of_another_shape_is_a_failed_owner(name: str, answer: httpx.Response) -> None:
    kind, call = CALLS[name]

    async with answering(answer) as http:
        with pytest.raises(OwnerFailed):
            await call(kind(http))


@pytest.mark.parametrize("name", [*CALLS, *FOLLOWING])
@pytest.mark.parametrize("error", [httpx.ConnectError, httpx.ReadTimeout, httpx.RemoteProtocolError, httpx.PoolTimeout])
async def test_an_owner_that_cannot_be_reached_is_a_failed_owner(name: str, error: type[httpx.RequestError]) -> None:
    kind, call = (CALLS | FOLLOWING)[name]

    def fail(request: httpx.Request) -> httpx.Response:
        raise error(request.url.path, request=request)

    async with httpx.AsyncClient(transport=httpx.MockTransport(fail), base_url="http://registry") as http:
        with pytest.raises(OwnerFailed):
            await call(kind(http))


class Line:
    """The real client of a service, led to registry's application instead of a socket; notes what goes over it."""

    def __init__(self, registry: Running, service: str, *, secret: str = SECRET) -> None:
        self.asked: list[httpx.Request] = []
        self.inner = httpx.ASGITransport(app=registry.app)
        auth = ServiceAuth(token_url="http://registry/registry/v1/tokens", client_id=service, client_secret=secret)
        self.http = service_http(base_url="http://registry", auth=auth)
        self.http._transport = self  # type: ignore[assignment]  # noqa: SLF001

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        return await self.inner.handle_async_request(request)

    async def aclose(self) -> None: ...

    def paths(self) -> list[str]:
        return [request.url.path for request in self.asked]


@pytest.fixture
async def signed_up(registry: Running) -> Running:
    for service in ("planning", "monitoring"):
        async with registry.database.transaction() as session:
            await ensure_service_client(session, name=service, secret=SECRET, now=read_clock())
    return registry


async def a_board(registry: Running) -> UUID:
    draft = {"kelurahan_code": "34.71.03.1001", "name": "BKM Contoh", "founded_on": "2020-01-01"}
    reply = await registry.http.post("/registry/v1/boards", json=draft, headers=registry.token("facilitator"))
    return UUID(reply.json()["id"])


class TestAgainstRegistryItself:
    async def test_planning_reads_what_is_there_and_knows_what_is_not(self, signed_up: Running) -> None:
        board_id = await a_board(signed_up)
        client = of_planning.RegistryClient(Line(signed_up, "planning").http)

        board = await client.board(board_id)

        assert board is not None
        assert (board.id, board.kelurahan_code, board.name) == (board_id, "34.71.03.1001", "BKM Contoh")
        assert await client.terms(board_id) == []
        assert (await client.board(uuid4()), await client.partner(uuid4())) == (None, None)

    async def test_monitoring_reads_what_is_there_and_knows_what_is_not(self, signed_up: Running) -> None:
        board_id = await a_board(signed_up)
        client = of_monitoring.RegistryClient(Line(signed_up, "monitoring").http)

        assert await client.board_place(board_id) == "34.71.03.1001"
        assert await client.board_place(uuid4()) is None

    @pytest.mark.parametrize(("service", "module"), [("planning", of_planning), ("monitoring", of_monitoring)])
    async def test_the_whole_journal_is_theirs_to_follow(self, signed_up: Running, service: str, module: Any) -> None:
        await a_board(signed_up)
        operator = signed_up.token("operator", regions=("*",))
        account = {"username": "seseorang", "password": SECRET, "display_name": "S", "roles": ["volunteer"]}
        await signed_up.http.post("/registry/v1/accounts", json=account | {"regions": ["34"]}, headers=operator)
        await signed_up.seal()
        client = module.RegistryClient(Line(signed_up, service).http)

        page, head = await client.journal(after=0, wait=0), await client.journal_head()

        assert [item["type"] for item in page["items"]] == ["board.recorded", "account.opened", "authority.given"]
        assert (page["next"], head["position"]) == (3, 3)


class TestSignIn:
    async def test_is_done_once_for_many_questions(self, signed_up: Running) -> None:
        line = Line(signed_up, "planning")
        client = of_planning.RegistryClient(line.http)

        for _ in range(3):
            await client.board(NOBODY)

        assert line.paths().count("/registry/v1/tokens") == 1

    async def test_is_done_again_after_a_token_was_refused(self, signed_up: Running) -> None:
        line = Line(signed_up, "planning")
        client = of_planning.RegistryClient(line.http)
        await client.board(NOBODY)
        standings = signed_up.app.state.gate.standings
        async with signed_up.database.reads.connect() as connection:
            table = signed_up.tables.clients
            client_id = await connection.scalar(
                table.select().with_only_columns(table.c.id).where(table.c.name == "planning")
            )

        standings.replace({client_id: read_clock().timestamp() + 3600})
        with pytest.raises(OwnerFailed):
            await client.board(NOBODY)
        standings.replace({})

        assert await client.board(NOBODY) is None
        assert line.paths().count("/registry/v1/tokens") == 2

    async def test_with_a_wrong_secret_is_a_failed_owner(self, signed_up: Running) -> None:
        client = of_planning.RegistryClient(Line(signed_up, "planning", secret="salah").http)

        with pytest.raises(OwnerFailed):
            await client.board(NOBODY)

    @pytest.mark.parametrize(
        "granted",
        [
            httpx.Response(200, json={}),
            httpx.Response(200, json=[]),
            httpx.Response(200, text="<html>"),
            httpx.Response(200, json={"access_token": None, "expires_in": 900}),
            httpx.Response(200, json={"access_token": "x", "expires_in": "soon"}),
            httpx.Response(503),
        ],
    )
    async def test_that_grants_nothing_readable_is_a_failed_owner(self, granted: httpx.Response) -> None:
        auth = ServiceAuth(token_url="http://registry/tokens", client_id="planning", client_secret=SECRET)
        transport = httpx.MockTransport(lambda _: granted)

        async with httpx.AsyncClient(transport=transport, base_url="http://registry", auth=auth) as http:
            with pytest.raises(OwnerFailed):
                await of_planning.RegistryClient(http).board(NOBODY)

    async def test_keeps_the_secret_out_of_every_address(self, signed_up: Running) -> None:
        line = Line(signed_up, "planning")

        await of_planning.RegistryClient(line.http).board(NOBODY)

        assert not [request for request in line.asked if SECRET in str(request.url)]


async def test_the_id_and_the_trace_of_a_request_are_passed_on(signed_up: Running) -> None:
    line = Line(signed_up, "planning")
    current = request_id.set("permintaan-1"), traceparent.set("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")

    try:
        await of_planning.RegistryClient(line.http).board(NOBODY)
    finally:
        request_id.reset(current[0])
        traceparent.reset(current[1])

    asked = line.asked[-1].headers
    assert (asked["X-Request-Id"], asked["traceparent"][:10]) == ("permintaan-1", "00-0af7651")


class TestStandings:
    async def test_tell_what_an_account_may_now_and_nothing_of_who_may_not_sign_in(self, registry: Running) -> None:
        headers = registry.token("operator", regions=("*",))
        draft = {
            "username": "contoh",
            "password": "sandi-contoh-panjang",
            "display_name": "Contoh",
            "roles": ["facilitator"],
            "regions": ["34.71"],
        }
        account = await registry.http.post("/registry/v1/accounts", json=draft, headers=headers)
        address = f"/registry/v1/accounts/{account.json()['id']}"
        told = []
        for service, kind in (("planning", of_planning.RegistryClient), ("monitoring", of_monitoring.RegistryClient)):
            async with httpx.AsyncClient(
                transport=httpx.ASGITransport(app=registry.app),
                base_url="http://registry",
                headers=registry.service_token(service),
            ) as http:
                told.append(await kind(http).standing(UUID(account.json()["id"])))
                assert await kind(http).standing(UUID(int=1)) is None
        await registry.http.post(f"{address}/suspension", headers=headers | {"If-Match": account.headers["ETag"]})
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app=registry.app),
            base_url="http://registry",
            headers=registry.service_token("planning"),
        ) as http:
            suspended = await of_planning.RegistryClient(http).standing(UUID(account.json()["id"]))

        assert [(one.regions, "registry:boards:write" in one.scopes) for one in told if one] == [(("34.71",), True)] * 2
        assert suspended is None

    async def test_are_for_the_houses_own_services(self, registry: Running) -> None:
        address = f"/registry/v1/standings/{UUID(int=1)}"

        assert (await registry.http.get(address)).status_code == 401
        assert (await registry.http.get(address, headers=registry.token("operator", regions=("*",)))).status_code == 403
