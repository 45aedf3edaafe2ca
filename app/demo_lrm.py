"""A demonstration's LRM: simulated, linked both ways by the published contract over mutual TLS, and by the API.

Centre and LRM have an authority each, as two organisations have: each believes the other's alone.
"""

import sys
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from app.authority import Certificates, ensure_certificates
from app.demo import answers
from app.demo_settings import is_silent, with_section
from app.part import Part, PortUse
from app.settings import Settings

PAGES_PORT: Final = 8081
TLS_PORT: Final = 8446
_NAME: Final = "lrm.demonstration"
_HERE: Final = frozenset({"127.0.0.1", "localhost"})


def with_demo_lrm(settings: Settings) -> tuple[Settings, dict[str, str]]:
    """The settings with a link to the simulated LRM, unless the centre's own say something of an LRM."""
    if not is_silent(settings, "lrm"):
        return settings, {}
    lrm, centre = _lrm_certificates(settings), _centre_certificates(settings)
    told = {
        "base_url": f"https://localhost:{TLS_PORT}/lrm/api",
        "authority": str(lrm.authority),
        "certificate": str(centre.certificate),
        "private_key": str(centre.private_key),
        "listen_host": "127.0.0.1",
        "server_certificate": str(centre.certificate),
        "server_key": str(centre.private_key),
        "certificates": {_NAME: settings.centre.id},
    }
    return with_section(settings, "lrm", told)


def lrm_pages(settings: Settings) -> str:
    """Where the pages of the LRM are; empty: it is none of ours."""
    address = urlsplit(settings.lrm.base_url)
    if _linked(settings):
        return f"http://localhost:{PAGES_PORT}"
    if address.scheme != "http" or address.hostname not in _HERE or address.port is None:
        return ""
    return f"http://{address.hostname}:{address.port}"


def lrm_parts(settings: Settings, token: str) -> list[Part]:
    """List the agents' LRM, where the settings name a simulated one.

    Args:
        settings: those of the centre.
        token: of its client of the API.
    """
    port = urlsplit(lrm_pages(settings)).port
    if port is None:
        return []
    ports = [PortUse(host="127.0.0.1", port=port, setting="lrm.base_url")]
    if _linked(settings):
        ports.append(PortUse(host="127.0.0.1", port=TLS_PORT, setting="lrm.base_url"))
    return [
        Part(
            name="LRM",
            command=[
                *(sys.executable, "-m", "simulator.lrm", "--port", str(port)),
                *("--api-url", f"http://127.0.0.1:{settings.web.http_port}"),
                *_contract(settings),
            ],
            environment={"BANDEAU15_API_TOKEN": token},
            ready=answers("127.0.0.1", port, "/"),
            ports=ports,
        )
    ]


def _contract(settings: Settings) -> list[str]:
    """How the LRM takes part in the contract over TLS."""
    if not _linked(settings):
        return []
    lrm, centre = _lrm_certificates(settings), _centre_certificates(settings)
    return [
        *("--centre", settings.centre.id, "--tls-port", str(TLS_PORT)),
        *("--strip-url", f"https://localhost:{settings.lrm.listen_port}"),
        *("--certificate", str(lrm.certificate), "--private-key", str(lrm.private_key)),
        *("--authority", str(centre.authority)),
    ]


def _linked(settings: Settings) -> bool:
    return _NAME in settings.lrm.certificates


def _lrm_certificates(settings: Settings) -> Certificates:
    return ensure_certificates(_folder(settings, "lrm"), ["localhost", _NAME])


def _centre_certificates(settings: Settings) -> Certificates:
    return ensure_certificates(_folder(settings, "centre"), ["localhost"])


def _folder(settings: Settings, side: str) -> Path:
    return settings.storage.data_dir.absolute() / "demo-lrm" / side
