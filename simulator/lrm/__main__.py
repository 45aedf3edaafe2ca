"""``python -m simulator.lrm``: serve a simulated LRM."""

import asyncio
import ssl
from pathlib import Path
from typing import Annotated, Any

import typer
import uvicorn

from simulator.command import configure_logs
from simulator.lrm.app import Lrm, create_app
from simulator.lrm.book import Book
from simulator.lrm.centre import Centre
from simulator.lrm.faults import KNOWN, FaultKind, fault_of
from simulator.lrm.secure import ContractDoor
from simulator.lrm.strip import Strip, Tls


def main(
    port: Annotated[int, typer.Option(help="TCP port.")] = 8081,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    centre: Annotated[str, typer.Option(help="The one centre (idCrra) let in; empty: any.")] = "",
    agent: Annotated[
        list[str] | None, typer.Option(help="An agent (idNatPs) it knows; none given: any.")
    ] = None,
    fault: Annotated[str, typer.Option(envvar="BANDEAU15_LRM_FAULT", help=f"{KNOWN}.")] = "none",
    certificate: Annotated[
        Path | None, typer.Option(help="PEM file: what it shows to the strip, both ways.")
    ] = None,
    private_key: Annotated[Path | None, typer.Option(help="PEM file: its key.")] = None,
    authority: Annotated[
        Path | None, typer.Option(help="PEM file: who signs the certificates of the centre.")
    ] = None,
    tls_port: Annotated[
        int, typer.Option(help="TCP port of the contract by mutual TLS, where there is a certificate.")
    ] = 8446,
    strip_url: Annotated[
        str, typer.Option(help="The strip's port of the published contract: https://centre:8445.")
    ] = "",
    api_url: Annotated[str, typer.Option(help="The centre's pages, for its API: https://centre:8443.")] = "",
    api_token: Annotated[
        str, typer.Option(envvar="BANDEAU15_API_TOKEN", help="Of an API client of the centre.")
    ] = "",
) -> None:
    """Serve the LRM contract under /lrm/api, and pages that show what came and ask the centre for more."""
    configure_logs()
    lrm = Lrm(Book(frozenset(agent or ())), centre, fault_of(fault))
    tls = _tls(certificate, private_key, authority)
    if tls is None and lrm.fault.kind is FaultKind.WRONG_CERTIFICATE:
        raise typer.BadParameter("wrong-certificate: there is none at all without --certificate")
    if strip_url:
        lrm.strip = Strip(strip_url, centre or "FR751", lrm.exchanges, tls)
    if api_url and api_token:
        secret = authority is not None and api_url.startswith("https:")
        believed = ssl.create_default_context(cafile=str(authority)) if secret else None
        lrm.api = Centre(api_url, api_token, lrm.exchanges, lrm.book.tell, believed)
    asyncio.run(_serve(lrm, host, port, tls_port, tls))


async def _serve(lrm: Lrm, host: str, port: int, tls_port: int, tls: Tls | None) -> None:
    """Serve pages and contract by HTTP; with certificates, the contract by mutual TLS on a port of its own."""
    # A page keeps its event stream open: do not wait for it at the end.
    more: dict[str, Any] = {"host": host, "log_level": "warning", "timeout_graceful_shutdown": 1}
    app = create_app(lrm)
    pages = uvicorn.Server(uvicorn.Config(app, port=port, **more))
    if tls is None:
        await pages.serve()
        return
    contract = ContractDoor(uvicorn.Config(app, port=tls_port, lifespan="off", **more), lrm, tls)
    serving = asyncio.create_task(contract.serve())
    await pages.serve()
    contract.should_exit = True
    await serving


def _tls(certificate: Path | None, private_key: Path | None, authority: Path | None) -> Tls | None:
    if certificate is None or private_key is None or authority is None:
        return None
    return Tls(certificate=certificate, private_key=private_key, authority=authority)


if __name__ == "__main__":
    typer.run(main)
