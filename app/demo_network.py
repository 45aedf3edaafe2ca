"""The telephone network of a demonstration: simulated, so that numbers can be called, and answer."""

import sys
from typing import Final

from app.demo import spoken_by
from app.demo_settings import is_silent, with_section
from app.part import Part, PortUse
from app.settings import Settings

_HERE: Final = "127.0.0.1"
_PORT: Final = 5090
_PRESENTED: Final = "+33199000015"


def with_demo_network(settings: Settings) -> tuple[Settings, dict[str, str]]:
    """The settings with a simulated operator, unless the centre's own say something of one."""
    if not is_silent(settings, "outgoing"):
        return settings, {}
    return with_section(settings, "outgoing", {"host": _HERE, "port": _PORT, "presented": _PRESENTED})


def network_parts(settings: Settings) -> list[Part]:
    """List the simulated operator, where the settings name it."""
    if (settings.outgoing.host, settings.outgoing.port) != (_HERE, _PORT):
        return []
    return [
        Part(
            name="Telephone network",
            command=[
                *(sys.executable, "-m", "simulator.telephone_network", "--port", str(_PORT)),
                *("--centre-port", str(settings.asterisk.sip_port)),
                *spoken_by(settings),
            ],
            ports=[PortUse(host=_HERE, port=_PORT, setting="outgoing.port", kind="udp")],
            restart=True,
        )
    ]
