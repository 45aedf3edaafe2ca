"""The LRM's port of the contract by mutual TLS, which can show a certificate that nobody believes."""

import contextlib
import ssl
from collections.abc import Iterator

import trustme
import uvicorn

from simulator.lrm.app import Lrm
from simulator.lrm.faults import FaultKind
from simulator.lrm.strip import Tls


class ContractDoor(uvicorn.Server):
    """A second server of the program: signals are the first one's."""

    def __init__(self, config: uvicorn.Config, lrm: Lrm, tls: Tls) -> None:
        config.load()
        config.ssl = _two_faced(lrm, tls)
        super().__init__(config)
        lrm.secure = True
        lrm.on_fault = self._begin_anew

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield

    def _begin_anew(self) -> None:
        """End every connection after its request: the next one sees the certificate of now."""
        for connection in list(self.server_state.connections):
            connection.shutdown()


def _two_faced(lrm: Lrm, tls: Tls) -> ssl.SSLContext:
    """The LRM's own certificate, or one of an unknown authority while that is its fault."""
    right, wrong = tls.context(ssl.Purpose.CLIENT_AUTH), ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trustme.CA().issue_cert("localhost").configure_cert(wrong)

    def choose(connection: ssl.SSLSocket | ssl.SSLObject, _name: str | None, _context: ssl.SSLContext) -> None:
        if lrm.fault.kind is FaultKind.WRONG_CERTIFICATE:
            connection.context = wrong

    right.sni_callback = choose
    return right
