"""The explorer: three specifications and every part of the page from the house itself."""

import re

import pytest

from deploy.local.places import SERVICES
from tests.journeys.home import Home

pytestmark = pytest.mark.xdist_group("house")

ANYWHERE = re.compile(r"https?://[^\s\"'<>]+")
LOADED = re.compile(r"""(?:src|href)=["']([^"']+)["']""")


def test_the_page_and_all_it_loads_come_from_the_house(home: Home) -> None:
    assert home.http.get("/").headers["location"].rstrip("/").endswith("/docs")
    page = home.http.get("/docs", follow_redirects=True)
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    loaded = [address for address in LOADED.findall(page.text) if not address.startswith(("#", "data:"))]
    assert loaded
    for address in loaded:
        assert not re.match(r"(?:[a-z]+:)?//", address), address
        part = home.http.get(str(page.url.join(address)))
        assert part.status_code == 200, address
        assert part.content
    assert not [address for address in ANYWHERE.findall(page.text) if not address.startswith(home.house.gateway_url)]
    assert "'self'" in page.headers["content-security-policy"]
    assert "http" not in page.headers["content-security-policy"]


def test_a_missing_part_of_the_explorer_is_a_problem_not_a_page(home: Home) -> None:
    assert home.http.get("/docs/invented.js").status_code == 404


@pytest.mark.parametrize("service", SERVICES)
def test_the_specifications_load_through_the_gateway(home: Home, service: str) -> None:
    reply = home.http.get(f"/{service}/v1/openapi.json")
    assert reply.status_code == 200
    document = reply.json()
    assert document["openapi"].startswith("3.1")
    assert len(reply.content) < 400_000
    for path in document["paths"]:
        assert path.startswith((f"/{service}/", "/.well-known/", "/docs", "/")), path


def test_the_explorer_finds_where_to_sign_in(home: Home) -> None:
    found = home.http.get("/.well-known/oauth-authorization-server").json()
    assert found["token_endpoint"] == f"{home.house.gateway_url}/registry/v1/tokens"
    assert home.http.get(found["jwks_uri"]).json()["keys"]
