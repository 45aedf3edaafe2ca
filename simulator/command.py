"""What the simulator's commands share: logs, and an end on Ctrl-C or SIGTERM."""

import asyncio
import contextlib
import signal
import sys
from collections.abc import Coroutine

import structlog


def configure_logs() -> None:
    """One line an event on the standard error; JSON where nobody is looking."""
    show: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer() if sys.stderr.isatty() else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            show,
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def run(work: Coroutine[object, object, None]) -> None:
    """Run until the work is done or one asks it to end; what it holds open is closed by its own ``finally``."""
    asyncio.run(_until_asked(work))


async def _until_asked(work: Coroutine[object, object, None]) -> None:
    task = asyncio.ensure_future(work)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task
