"""The centre's TURN server (coturn): its configuration, its program, and how strips are sent to it.

It relays to the centre's Asterisk and to nothing else, for those alone who have credentials made by the core.
"""

import asyncio
import ipaddress
import secrets
from collections.abc import Sequence
from datetime import timedelta

from app.authority import ensure_certificates, own_names
from app.part import Part, PartFailed, PortUse
from app.private_files import write_private
from app.settings import Settings
from bandeau.turn import TurnAccess
from core.errors import ConfigurationError
from setup.roots import COTURN
from setup.sandbox import sandboxed

_EVERY_ADDRESS = ("0.0.0.0-255.255.255.255", "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")
_BYTES_PER_SECOND = 40_000
"""Of one strip in each direction: three times what a call of G.711 or Opus takes."""
_ALLOCATIONS = 12
"""Of one strip at a time: its leg and its test, each by UDP, TCP and TLS, and those it is leaving."""


def turn_access(settings: Settings) -> TurnAccess:
    """How strips are sent to the TURN server, where there is one."""
    turn = settings.turn
    if not turn.enabled:
        return TurnAccess()
    host = f"[{turn.public_host}]" if ":" in turn.public_host else turn.public_host
    urls = (
        f"turn:{host}:{turn.port}?transport=udp",
        f"turn:{host}:{turn.port}?transport=tcp",
        f"turns:{host}:{turn.tls_port}?transport=tcp",
    )
    lasts = timedelta(minutes=turn.credential_minutes)
    return TurnAccess(urls=urls, secret=_secret(settings), lasts=lasts, policy=turn.policy)


def turn_parts(settings: Settings) -> list[Part]:
    """The TURN server, where the settings ask for one.

    Raises:
        PartFailed: coturn was not set up.
        ConfigurationError: what it relays would be taken for a trunk.
    """
    turn = settings.turn
    if not turn.enabled:
        return []
    if not COTURN.exists():
        raise PartFailed("the TURN server is not set up on this machine: run make turn")
    folder = settings.storage.data_dir.absolute() / "turn"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = folder / "turnserver.conf"
    write_private(file, turn_config(settings, peers_of(settings), _secret(settings)))
    host = turn.bind_address
    return [
        Part(
            name="TURN server",
            command=sandboxed(
                COTURN.path,
                ["turnserver", "-c", file],
                readable=[folder, settings.storage.data_dir.absolute() / "tls"],
            ),
            ready=lambda: _listens(host, turn.port),
            restart=True,
            ports=[
                PortUse(host=host, port=turn.port, setting="turn.port", kind="udp"),
                PortUse(host=host, port=turn.port, setting="turn.port"),
                PortUse(host=host, port=turn.tls_port, setting="turn.tls_port"),
            ],
        )
    ]


def peers_of(settings: Settings) -> list[str]:
    """The addresses of Asterisk: all that may be relayed to.

    Raises:
        ConfigurationError: a trunk is known by an address that relayed packets come from.
    """
    turn, asterisk = settings.turn, settings.asterisk
    own = [name for name in own_names() if _is_address(name) and not ipaddress.ip_address(name).is_loopback]
    bound = [] if ipaddress.ip_address(asterisk.bind_address).is_unspecified else [asterisk.bind_address]
    peers = list(turn.peers) or bound or own
    sources = [turn.relay_address] if turn.relay_address else own
    for trunk, networks in asterisk.trunks.items():
        for network in networks:
            if any(ipaddress.ip_address(s) in ipaddress.ip_network(network, strict=False) for s in sources):
                raise ConfigurationError(
                    f"trunk {trunk} is known by {network}, where the TURN server's own address is: whoever it "
                    "relays could pass for the operator. Name the operator's addresses exactly, or set "
                    "turn.relay_address."
                )
    return peers


def turn_config(settings: Settings, peers: Sequence[str], secret: str) -> str:
    """What coturn reads."""
    turn = settings.turn
    certificates = ensure_certificates(settings.storage.data_dir.absolute() / "tls", own_names())
    lines = [
        f"listening-port={turn.port}",
        f"tls-listening-port={turn.tls_port}",
        f"min-port={turn.relay_start}",
        f"max-port={turn.relay_end}",
        f"realm={settings.centre.id.lower()}",
        # Names are not known to it: it believes those who prove that the core gave them one.
        "use-auth-secret",
        f"static-auth-secret={secret}",
        f"cert={certificates.certificate.absolute()}",
        f"pkey={certificates.private_key.absolute()}",
        # What is not allowed is refused, whatever it is: another machine, this one's other addresses, itself.
        *(f"allowed-peer-ip={peer}" for peer in peers),
        *(f"denied-peer-ip={addresses}" for addresses in _EVERY_ADDRESS),
        "no-multicast-peers",
        "no-tcp-relay",
        "no-stun",
        f"user-quota={_ALLOCATIONS}",
        f"total-quota={turn.sessions}",
        f"max-bps={_BYTES_PER_SECOND}",
        "stale-nonce=600",
        "fingerprint",
        "log-file=stdout",
        "simple-log",
        "pidfile=/tmp/turnserver.pid",
        "userdb=/tmp/turndb",
    ]
    if not ipaddress.ip_address(turn.bind_address).is_unspecified:
        lines.append(f"listening-ip={turn.bind_address}")
    if turn.relay_address:
        lines.append(f"relay-ip={turn.relay_address}")
    return "\n".join(lines) + "\n"


def _secret(settings: Settings) -> str:
    """What core and TURN server share; made once."""
    file = settings.storage.data_dir / "turn" / "secret"
    if not file.exists():
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(file, secrets.token_hex(32))
    return file.read_text()


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


async def _listens(host: str, port: int) -> bool:
    try:
        async with asyncio.timeout(2):
            _, writer = await asyncio.open_connection(_reachable(host), port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True


def _reachable(host: str) -> str:
    return "127.0.0.1" if ipaddress.ip_address(host).is_unspecified else host
