"""Officers between elections, organs and statutes over HTTP."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response

from services.registry.boards.service import Appointment, Board, Officer, Statute
from services.registry.dependencies import BoardWriter, PersonalSight, PersonalVault
from services.registry.organs import queries, service, statutes
from services.registry.organs.schemas import (
    AppointmentChange,
    AppointmentDraft,
    AppointmentQuery,
    AppointmentView,
    ElectedView,
    OfficerChange,
    OfficerQuery,
    StatuteChange,
    StatuteDraft,
    StatuteQuery,
    StatuteView,
    SuccessorDraft,
)
from shared.clock import Now, today
from shared.database import Reading
from shared.items import child_to_change, one_of, to_extend
from shared.lists import Page, page
from shared.permissions import Anyone
from shared.replies import item_reply, saved
from shared.restricted import stored_nowhere
from shared.routing import router
from shared.writing import Writing

routes = router("/registry/v1/boards", tags=["boards"])

BoardToExtend = Annotated[Board, Depends(to_extend(Board))]
OfficerToChange = Annotated[
    Officer, Depends(child_to_change(Board, Officer, of="board_id", at="officer_id", represent=queries.one_officer))
]
AppointmentToChange = Annotated[
    Appointment,
    Depends(child_to_change(Board, Appointment, of="board_id", at="appointment_id", represent=queries.one_appointment)),
]
StatuteToChange = Annotated[
    Statute, Depends(child_to_change(Board, Statute, of="board_id", at="statute_id", represent=queries.one_statute))
]


@routes.get("/{id}/officers", response_model=Page[ElectedView])
async def list_officers(
    id: UUID,
    request: Request,
    sight: PersonalSight,
    query: Annotated[OfficerQuery, Query()],
    vault: PersonalVault,
    now: Now,
) -> Response:
    """List who was elected to a board, or took a seat within a term; a reading of who left office is noted."""
    found = await page(
        request,
        sight.connection,
        queries.officers(id, query, sight.caller),
        query=query,
        order=queries.OFFICERS,
        shape=partial(queries.officer_view, vault=vault if sight.unmasked else None),
        parameters={"today": today(now)},
        seen=sight.noting("officers.read", f"boards/{id}/officers", query),
        of=one_of(Board, id, sight.caller),
    )
    return stored_nowhere(found) if sight.unmasked else found


@routes.post("/{id}/officers", status_code=201, response_model=ElectedView)
async def seat_successor(
    by: BoardWriter, session: Writing, board: BoardToExtend, draft: SuccessorDraft, vault: PersonalVault, now: Now
) -> Response:
    """Record who takes a seat within a running term, in the place of an officer who left."""
    officer_id, new = await service.seat_successor(session, board, draft, vault=vault, by=by, now=now)
    officer = await queries.one_officer(session, board.id, officer_id, by, now)
    return saved(officer, status=201 if new else 200, location=f"{routes.prefix}/{board.id}/officers/{officer_id}")


@routes.get("/{id}/officers/{officer_id}", response_model=ElectedView)
async def read_officer(
    id: UUID, officer_id: UUID, request: Request, sight: PersonalSight, vault: PersonalVault, now: Now
) -> Response:
    """Read one officer."""
    row = await queries.officer_row(sight.connection, id, officer_id, sight.caller, now)
    sight.noting("officers.read", f"officers/{officer_id}")([row])
    found = item_reply(request, queries.officer_view(row, vault=vault if sight.unmasked else None))
    return stored_nowhere(found) if sight.unmasked else found


@routes.patch("/{id}/officers/{officer_id}", response_model=ElectedView)
async def change_officer(
    by: BoardWriter, session: Writing, officer: OfficerToChange, change: OfficerChange, vault: PersonalVault, now: Now
) -> Response:
    """Record that an officer leaves before the term ends, or correct a name."""
    await service.change_officer(session, officer, change, vault=vault, by=by, now=now)
    return saved(await queries.one_officer(session, officer.board_id, officer.id, by, now))


@routes.get("/{id}/organs", response_model=Page[AppointmentView])
async def list_organ_seats(
    id: UUID, request: Request, sight: PersonalSight, query: Annotated[AppointmentQuery, Query()], vault: PersonalVault
) -> Response:
    """List the seats in a board's organs; names with `registry:personal:read` in the own regions, and it is noted."""
    found = await page(
        request,
        sight.connection,
        queries.appointments(id, query, sight.caller),
        query=query,
        order=queries.APPOINTMENTS,
        shape=partial(queries.appointment_view, vault=vault if sight.unmasked else None),
        seen=sight.noting("organs.read", f"boards/{id}/organs", query),
        of=one_of(Board, id, sight.caller),
    )
    return stored_nowhere(found) if sight.unmasked else found


@routes.post("/{id}/organs", status_code=201, response_model=AppointmentView)
async def appoint_to_organ(
    by: BoardWriter, session: Writing, board: BoardToExtend, draft: AppointmentDraft, vault: PersonalVault, now: Now
) -> Response:
    """Record whom a board appoints to an organ; who may not hold two seats is refused (EL-12)."""
    appointment_id, new = await service.appoint(session, board, draft, vault=vault, by=by, now=now)
    row = await queries.appointment_row(session, board.id, appointment_id, by)
    location = f"{routes.prefix}/{board.id}/organs/{appointment_id}"
    # Replies to writes are kept beside their keys, where no erasure would find a name.
    return saved(queries.appointment_view(row, vault=None), status=201 if new else 200, location=location)


@routes.get("/{id}/organs/{appointment_id}", response_model=AppointmentView)
async def read_organ_seat(
    id: UUID, appointment_id: UUID, request: Request, sight: PersonalSight, vault: PersonalVault
) -> Response:
    """Read one seat in an organ."""
    row = await queries.appointment_row(sight.connection, id, appointment_id, sight.caller)
    sight.noting("organs.read", f"appointments/{appointment_id}")([row])
    found = item_reply(request, queries.appointment_view(row, vault=vault if sight.unmasked else None))
    return stored_nowhere(found) if sight.unmasked else found


@routes.patch("/{id}/organs/{appointment_id}", response_model=AppointmentView)
async def change_organ_seat(
    by: BoardWriter,
    session: Writing,
    appointment: AppointmentToChange,
    change: AppointmentChange,
    vault: PersonalVault,
    now: Now,
) -> Response:
    """Record the last day of an appointment, or correct it."""
    await service.change_appointment(session, appointment, change, vault=vault, by=by, now=now)
    row = await queries.appointment_row(session, appointment.board_id, appointment.id, by)
    return saved(queries.appointment_view(row, vault=None))


@routes.get("/{id}/statutes", response_model=Page[StatuteView])
async def list_statutes(
    id: UUID, request: Request, caller: Anyone, connection: Reading, query: Annotated[StatuteQuery, Query()]
) -> Response:
    """List a board's statutes (AD/ART), the latest first; a rule that one leaves null stays as an earlier one set it."""
    return await page(
        request,
        connection,
        queries.statutes(id, query, caller),
        query=query,
        order=queries.STATUTES_NEWEST_FIRST,
        shape=queries.statute_view,
        of=one_of(Board, id, caller),
    )


@routes.post("/{id}/statutes", status_code=201, response_model=StatuteView)
async def adopt_statutes(
    by: BoardWriter, session: Writing, board: BoardToExtend, draft: StatuteDraft, now: Now
) -> Response:
    """Record statutes that residents agreed on."""
    statute_id, new = await statutes.adopt_statutes(session, board, draft, by=by, now=now)
    statute = await queries.one_statute(session, board.id, statute_id, by, now)
    return saved(statute, status=201 if new else 200, location=f"{routes.prefix}/{board.id}/statutes/{statute_id}")


@routes.get("/{id}/statutes/{statute_id}", response_model=StatuteView)
async def read_statutes(
    id: UUID, statute_id: UUID, request: Request, caller: Anyone, connection: Reading, now: Now
) -> Response:
    """Read one version of a board's statutes."""
    return item_reply(request, await queries.one_statute(connection, id, statute_id, caller, now))


@routes.patch("/{id}/statutes/{statute_id}", response_model=StatuteView)
async def change_statutes(
    by: BoardWriter, session: Writing, statute: StatuteToChange, change: StatuteChange, now: Now
) -> Response:
    """Record that statutes were taken to a notary, or correct them."""
    await statutes.change_statutes(session, statute, change, by=by, now=now)
    return saved(await queries.one_statute(session, statute.board_id, statute.id, by, now))
