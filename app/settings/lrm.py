"""The dispatch record software, and the API for its makers."""

from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import StringConstraints, model_validator

from app.settings.base import Address, CentreCode, Port, Section

CertificateName = Annotated[
    str, StringConstraints(pattern=r"^(sha256:[0-9a-f]{64}|[^\s:]([^\x00-\x1f:]{0,251}[^\s:])?)$")
]
_NEAR = frozenset({"127.0.0.1", "::1", "localhost"})


class LrmSettings(Section):
    """The dispatch record software: told of each call taken, and heard on a port of its own (PEM files)."""

    base_url: str = "http://127.0.0.1:8081/lrm/api"
    """Empty: no LRM is told. Without TLS on this machine only."""
    authority: Path | None = None
    """Who signs the certificates of the LRM: what it shows when called, and what it calls with."""
    certificate: Path | None = None
    """What we show to the LRM that we call."""
    private_key: Path | None = None
    listen_host: Address = "0.0.0.0"  # noqa: S104 - the LRM is elsewhere
    listen_port: Port = 8445
    server_certificate: Path | None = None
    """What that port shows; none: the certificate of the pages."""
    server_key: Path | None = None
    certificates: dict[CertificateName, CentreCode] = {}
    """Who may call: a name in the certificate (DNS, or CN), or ``sha256:`` and its digest → its ``idCrra``.

    Empty: the port is closed.
    """

    @model_validator(mode="after")
    def _trusted(self) -> Self:
        address = urlsplit(self.base_url)
        if self.base_url and address.scheme not in ("http", "https"):
            raise ValueError("base_url: begin with https://")
        if address.scheme == "http" and address.hostname not in _NEAR:
            raise ValueError("base_url: an LRM on another machine is called by https")
        if address.scheme == "https" and not (self.authority and self.certificate and self.private_key):
            raise ValueError("base_url: https needs authority, certificate and private_key")
        if self.certificates and self.authority is None:
            raise ValueError("certificates: name the authority that signs them")
        if (self.server_certificate is None) != (self.server_key is None):
            raise ValueError("server_certificate and server_key: give both, or neither")
        return self


class ApiSettings(Section):
    """The API for LRM makers (``docs/how-to/use-the-api.md``)."""

    webhook_hosts: tuple[str, ...] = ()
    """Hosts inside the centre's network that webhooks may tell, by their names or addresses; by http too.

    All others are told by https, and only at public addresses.
    """
    webhook_authority: Path | None = None
    """A PEM file: who signs the certificates of those hosts, beside the usual authorities."""
