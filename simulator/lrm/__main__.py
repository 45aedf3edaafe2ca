"""``python -m simulator.lrm``: serve a simulated LRM."""

from typing import Annotated

import typer
import uvicorn

from simulator.command import configure_logs
from simulator.lrm.app import Lrm, create_app
from simulator.lrm.book import Book
from simulator.lrm.faults import fault_of


def main(
    port: Annotated[int, typer.Option(help="TCP port.")] = 8081,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    centre: Annotated[str, typer.Option(help="The one centre (idCrra) let in; empty: any.")] = "",
    agent: Annotated[
        list[str] | None, typer.Option(help="An agent (idNatPs) it knows; none given: any.")
    ] = None,
    fault: Annotated[
        str, typer.Option(envvar="BANDEAU15_LRM_FAULT", help="none, error, refuse, or slow:SECONDS.")
    ] = "none",
) -> None:
    """Serve the LRM contract under /lrm/api and a page that shows what came."""
    configure_logs()
    lrm = Lrm(Book(frozenset(agent or ())), centre, fault_of(fault))
    # A page keeps its event stream open: do not wait for it at the end.
    uvicorn.run(create_app(lrm), host=host, port=port, log_level="warning", timeout_graceful_shutdown=1)


if __name__ == "__main__":
    typer.run(main)
