"""The story in chapters. Told again, it finds what was told before and adds nothing."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from deploy.demo.boards import Board, Fate, boards_of, found_boards
from deploy.demo.cast import PARTNERS, Cast, parts
from deploy.demo.channeling import channel, channel_to_the_drain, sought
from deploy.demo.client import Api, StoppedError, named, person, together
from deploy.demo.complaints import GRIEVANCES, complain
from deploy.demo.elections import begin_to_elect, elect_the_board
from deploy.demo.hero import addresses, build_the_drain, plan_the_drain
from deploy.demo.institutions import enrol, furnish_the_board, meet_in_the_city
from deploy.demo.places import CITY, HERO, city
from deploy.demo.plans import make_plans, works_of
from deploy.demo.renewal import renew, renewing
from deploy.demo.residents import HOMES, record_residents
from deploy.demo.screen import Screen
from deploy.demo.serving import serve
from deploy.demo.works import build, ratified_works

JAKARTA_AHEAD = timedelta(hours=7)
FOLLOWED = ("registry", "planning")
PATIENCE = 60


async def tell(url: str, *, username: str, password: str, file: Path, screen: Screen) -> None:
    """Tell the whole story to the house at an address; StoppedError when it refuses something."""
    api = Api(url)
    try:
        cast = Cast(api, password, city(), person(api, username, password))
        await _require_regions(cast)
        boards = boards_of(cast.city, today=await _today(cast))
        await _chapters(cast, boards, file=file, screen=screen)
    finally:
        await api.close()


async def _chapters(cast: Cast, boards: list[Board], *, file: Path, screen: Screen) -> None:
    api = cast.api
    with screen.chapter("Accounts", len(parts(cast.city))) as api.advance:
        await cast.open_accounts()
    with screen.chapter("Partners", len(PARTNERS)) as api.advance:
        await cast.open_partners()
    cast.write_sign_ins(file)
    with screen.chapter("Boards, elections and groups", len(boards)) as api.advance:
        await found_boards(cast, boards)
    hero = next(board for board in boards if board.kelurahan.code == HERO)
    with screen.chapter("Residents, elections and learning", len(HOMES)) as api.advance:
        await together(
            [
                enrol(cast, boards),
                meet_in_the_city(cast, hero),
                serve(cast, hero),
                elect_the_board(cast, hero),
                *(begin_to_elect(cast, board) for board in boards if board.fate is Fate.FOUNDED_NOW),
                *(record_residents(cast, board) for board in boards if board.kelurahan.number in HOMES),
            ]
        )
        await furnish_the_board(cast, hero)
    with screen.chapter("Problems, plans and meetings", sum(bool(works_of(board)) for board in boards)) as api.advance:
        await together([make_plans(cast, boards), plan_the_drain(cast, hero)])
    lacking = sought(boards)
    with screen.chapter("Opportunities, agreements and money", len(lacking)) as api.advance:
        await together([channel(cast, lacking), channel_to_the_drain(cast, hero)])
    works = ratified_works(boards)
    with screen.chapter("Progress, photos and handovers", len(works)) as api.advance:
        await together([build(cast, works), build_the_drain(cast, hero)])
    again = renewing(boards)
    with screen.chapter("Boards elected anew plan again", len(again)) as api.advance:
        await renew(cast, again)
    with screen.chapter("Complaints and answers", len(GRIEVANCES)) as api.advance:
        await complain(cast, boards)
    with screen.chapter("Waiting until monitoring knows it all", 1) as api.advance:
        await _followed(cast)
    screen.say(f"{api.asked} requests; sign-ins are in {file}")
    for line in addresses(api.url, hero):
        screen.say(line)


async def _followed(cast: Cast) -> None:
    """Wait until monitoring has followed both journals to where they were when the story ended."""
    for _ in range(PATIENCE):
        heads = {name: (await cast.nobody.get(f"/{name}/v1/journal/head"))["position"] for name in FOLLOWED}
        followed = (await cast.nobody.get("/monitoring/readyz"))["followed"]
        if followed and all(one["position"] >= heads[one["service"]] for one in followed):
            return
        await asyncio.sleep(0.5)


async def _require_regions(cast: Cast) -> None:
    known = await cast.nobody.items("/registry/v1/regions", region=CITY, level="village", limit=100)
    missing = {kelurahan.code for kelurahan in cast.city} - {region["code"] for region in known}
    if missing:
        line = "The regions are not known yet: `python -m services.registry import-regions deploy/demo/regions` first."
        raise StoppedError(line)


async def _today(cast: Cast) -> date:
    """Return the day on which the story was first told, so that its dates stay the same ones."""
    told = await cast.nobody.items("/registry/v1/boards", region=HERO, limit=100)
    before = [board["recorded_at"] for board in told if board["id"] == named("board", HERO)]
    moment = datetime.fromisoformat(before[0]) if before else datetime.now(UTC)
    return (moment.astimezone(UTC) + JAKARTA_AHEAD).date()
