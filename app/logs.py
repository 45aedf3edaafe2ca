"""Structured logs: one line an event, on the standard error. Tracebacks show no values of variables."""

import logging
import sys

import structlog
from structlog.typing import Processor


def configure_logs(*, as_json: bool | None = None, level: int = logging.INFO) -> None:
    """Set up logging for a whole program.

    Args:
        as_json: one JSON object a line; by default only where nobody is looking (no terminal).
        level: from which level on.
    """
    if as_json is None:
        as_json = not sys.stderr.isatty()
    last: list[Processor] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
        if as_json
        else [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *last,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")
