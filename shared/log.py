"""Structured logs: one JSON object a line, with the request's id and no personal field."""

import logging
import sys
import traceback
from contextvars import ContextVar

import structlog

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
traceparent: ContextVar[str | None] = ContextVar("traceparent", default=None)


def add_request(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    if (current := request_id.get()) is not None:
        event["request_id"] = current
    return event


def _plain_traceback(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Say what failed and where, never with which values: they may be somebody's."""
    error = event.pop("exc_info", None)
    if isinstance(error, BaseException):
        chain: list[dict[str, object]] = []
        while error is not None:
            frames = traceback.extract_tb(error.__traceback__)
            chain.append(
                {
                    "type": type(error).__name__,
                    "sqlstate": getattr(getattr(error, "orig", error), "sqlstate", None),
                    "frames": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames[-12:]],
                }
            )
            error = error.__cause__ or error.__context__
        event["exception"] = chain
    return event


def configure_logs(*, service: str, level: str) -> None:
    """Send everything, the libraries' lines included, to standard error as JSON."""
    threshold = getattr(logging, level.upper())
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            add_request,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
            _plain_traceback,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service)
    logging.basicConfig(
        level=logging.WARNING,
        stream=sys.stderr,
        format='{"level":"%(levelname)s","logger":"%(name)s","event":"%(message)s"}',
    )


log: structlog.stdlib.BoundLogger = structlog.get_logger()
