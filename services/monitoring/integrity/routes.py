"""Integrity over HTTP."""

from fastapi import Request, Response

from services.monitoring.dependencies import IntegrityWriter
from services.monitoring.integrity import service
from shared.clock import Now
from shared.jobs import Jobs
from shared.jobviews import JobView, accepted
from shared.routing import router
from shared.writing import Writing

routes = router("/monitoring/v1/integrity", tags=["integrity"])


@routes.post("/rebuilds", status_code=202, response_model=JobView)
async def rebuild_values(by: IntegrityWriter, session: Writing, request: Request, now: Now) -> Response:
    """Compute every indicator value anew from the facts: a job whose result tells whether any changed."""
    jobs: Jobs = request.app.state.jobs
    job = await jobs.begin(session, service.REBUILD, {}, by=by, now=now)
    return accepted(request, job)
