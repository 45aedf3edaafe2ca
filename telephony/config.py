"""Writes the configuration Asterisk runs on, from ``asterisk-conf/templates`` and plain values."""

import ipaddress
import json
import os
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final, Literal

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from core.errors import ConfigurationError
from telephony.dialling import TransferRules, patterns
from telephony.modules import (
    DECLINED_MESSAGES,
    LOCATION_MODULES,
    MANAGER_EVENTS,
    MODULES,
    SILENCED_MANAGER_EVENTS,
)

TEMPLATES: Final = Path(__file__).resolve().parent.parent / "asterisk-conf" / "templates"
_FORBIDDEN: Final = re.compile(r"[\x00-\x1f;\[\]]")
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,30}")
_HOST: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9.:-]{0,252}")
_USER: Final = re.compile(r"[A-Za-z0-9._+-]{0,64}")
_LINE: Final = re.compile(r"\+?[0-9]{1,32}")
_ADDRESS: Final = re.compile(r"[0-9A-Fa-f.:/]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class Secrets:
    """Passwords between the core and Asterisk, made once per installation. Never shown, never logged."""

    ari: str = field(repr=False)
    """What Asterisk proves itself with when it dials the core."""
    ari_local: str = field(repr=False)
    """ARI's own account, needed by Asterisk and used by nobody."""
    ami: str = field(repr=False)
    """What the core proves itself with to the manager interface."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OutgoingTrunk:
    """The operator that carries the centre's own calls."""

    host: str
    """Address or name; a name is looked up when a call is made."""
    port: int = 5060
    transport: Literal["udp", "tcp", "tls"] = "udp"
    username: str = ""
    """Empty: the operator knows the centre by its address."""
    password: str = field(default="", repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class NeighbourTrunk:
    """The road to a neighbouring centre, and from it."""

    host: str
    """Address or name; a name is looked up when a call is made."""
    port: int = 5060
    transport: Literal["udp", "tcp", "tls"] = "udp"
    addresses: Sequence[str]
    """Addresses or networks from which it calls: what it says of a call is believed from there alone."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Paths:
    """Folders, as Asterisk sees them (inside its private root, where it has one)."""

    config: str
    """The rendered files."""
    state: str
    """Asterisk's own database, spool and log, kept across restarts (``lib``, ``spool``, ``log`` in it)."""
    run: str
    """Its process id and control socket."""
    recordings: str
    prompts: str
    second: str = ""
    """Where the second writer of recordings writes; empty: there is none."""
    modules: str = ""
    """Empty: where Asterisk was built to look."""
    data: str = ""
    """Empty: where Asterisk was built to look."""
    certificate: str = ""
    """PEM for TLS and WSS; empty: neither is offered."""
    private_key: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class AsteriskConfig:
    """All an Asterisk of a centre must know. Addresses are IPv4 or IPv6 literals: names would need a lookup."""

    centre_id: str
    core_app: str
    """Name of the core's application; begins with ``core-``."""
    node: str = "asterisk-a"
    """Name of this Asterisk; with the centre's id it makes call ids unique."""
    bind_address: str = "0.0.0.0"  # noqa: S104 - trunks and strips are on other machines
    sip_port: int = 5060
    sip_tls_port: int = 5061
    ws_port: int = 8088
    wss_port: int = 8089
    rtp_start: int = 10000
    rtp_end: int = 10999
    ari_port: int = 8087
    ami_port: int = 5038
    trunks: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Trunk name → addresses or networks calls are accepted from."""
    located_trunks: Sequence[str] = ()
    """Those among them that are believed when an INVITE says where its caller is (PIDF-LO)."""
    claim_timeout_ms: int = 300
    outgoing: OutgoingTrunk | None = None
    """Where calls to numbers go; none: nobody can be called."""
    transfers: TransferRules = field(default_factory=TransferRules)
    """Whom callers may be passed on to in mode secours, over ``outgoing``; by default nobody."""
    vital_lines: Sequence[str] = ()
    """Lines whose callers come first in mode secours."""
    phones: Mapping[str, str] = field(default_factory=dict, repr=False)
    """SIP phones that carry positions' sound: name → password."""
    neighbours: Mapping[str, NeighbourTrunk] = field(default_factory=dict)
    """The centres that help each other, by their id."""
    secrets: Secrets
    paths: Paths


def load_secrets(file: Path) -> Secrets:
    """Read the passwords, made of 256 random bits each the first time. The file is for its owner only."""
    if not file.exists():
        made = Secrets(ari=secrets.token_hex(32), ari_local=secrets.token_hex(32), ami=secrets.token_hex(32))
        _write_private(file, json.dumps(asdict(made)))
    return Secrets(**json.loads(file.read_text()))


def render(config: AsteriskConfig, target_dir: Path) -> None:
    """Write every configuration file into ``target_dir``, readable by its owner only.

    Raises:
        ConfigurationError: a value could not be written safely; nothing was changed.
    """
    _check(config)
    environment = Environment(  # noqa: S701 - these are not web pages; _literal guards every value
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        finalize=_literal,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    values = {
        **{name: getattr(config, name) for name in config.__dataclass_fields__},
        "modules": (*MODULES, *LOCATION_MODULES) if config.located_trunks else MODULES,
        "declined": DECLINED_MESSAGES,
        "manager_events": MANAGER_EVENTS,
        "silenced_manager_events": SILENCED_MANAGER_EVENTS,
        "track": _track(config, config.paths.recordings),
        "second_track": _track(config, config.paths.second) if config.paths.second else "",
        "transfer_patterns": patterns(config.transfers) if config.outgoing is not None else [],
    }
    rendered = {
        name.removesuffix(".j2"): environment.get_template(name).render(values)
        for name in environment.list_templates(extensions=["j2"])
    }
    target_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, text in rendered.items():
        _write_private(target_dir / name, text)


def _track(config: AsteriskConfig, folder: str) -> str:
    """Where a call is recorded: in the folder of the UTC day its id was made on, so the id alone tells."""
    created = len(f"{config.centre_id}-{config.node}-")
    return f"{folder}/${{STRFTIME(${{UNIQUEID:{created}:10}},UTC,%Y-%m-%d)}}/${{UNIQUEID}}"


def _check(config: AsteriskConfig) -> None:
    """Refuse what would be misread by Asterisk, before any file is touched."""
    if not config.core_app.startswith("core-") or not _NAME.fullmatch(config.core_app):
        raise ConfigurationError(f"core name {config.core_app!r}: must be like core-a")
    for name in (config.centre_id, config.node, *config.trunks, *config.neighbours):
        if not _NAME.fullmatch(name):
            raise ConfigurationError(f"name {name!r}: letters, digits and - only, at most 31")
    for trunk, addresses in config.trunks.items():
        if not addresses or not all(_ADDRESS.fullmatch(address) for address in addresses):
            raise ConfigurationError(f"trunk {trunk}: give it IP addresses or networks, such as 192.0.2.0/28")
    if unknown := set(config.located_trunks) - config.trunks.keys():
        raise ConfigurationError(f"trunks that say where callers are: there is no {', '.join(sorted(unknown))}")
    for name in config.phones:
        if not _NAME.fullmatch(name):
            raise ConfigurationError(f"SIP phone {name!r}: letters, digits and - only, at most 31")
    if not all(_LINE.fullmatch(line) for line in _numbers_of(config)):
        raise ConfigurationError("lines and numbers of mode secours: digits only, with or without +")
    _check_neighbours(config)
    trunk_out = config.outgoing
    if trunk_out is not None and not (_HOST.fullmatch(trunk_out.host) and _USER.fullmatch(trunk_out.username)):
        raise ConfigurationError("outgoing trunk: host and username are made of letters, digits and . - _ +")
    if trunk_out is not None and trunk_out.transport == "tls" and not config.paths.certificate:
        raise ConfigurationError("outgoing trunk: TLS needs the centre's certificate")


def _numbers_of(config: AsteriskConfig) -> list[str]:
    """All numbers that are written into the dialplan."""
    rules = config.transfers
    shown = [rules.presented] if rules.presented else []
    by_line = rules.presented_by_line
    prefixes = (*rules.prefixes, *rules.refused_prefixes)
    return [*config.vital_lines, *rules.short_numbers, *prefixes, *shown, *by_line, *by_line.values()]


def _check_neighbours(config: AsteriskConfig) -> None:
    """A neighbour is believed by its address: no other trunk's may be among its own, nor a whole network's."""
    known: dict[str, list[ipaddress.IPv4Network | ipaddress.IPv6Network]] = {}
    for trunk, addresses in config.trunks.items():
        known[f"trunk {trunk}"] = _networks(f"trunk {trunk}", addresses)
    for centre, neighbour in config.neighbours.items():
        who = f"neighbour {centre}"
        if centre == config.centre_id:
            raise ConfigurationError(f"{who}: that is this centre")
        if not _HOST.fullmatch(neighbour.host):
            raise ConfigurationError(f"{who}: its host is an address or a name")
        if neighbour.transport == "tls" and not config.paths.certificate:
            raise ConfigurationError(f"{who}: TLS needs the centre's certificate")
        own = _networks(who, neighbour.addresses)
        for other, networks in known.items():
            if any(a.version == b.version and a.overlaps(b) for a in own for b in networks):
                raise ConfigurationError(f"{who}: it has addresses in common with {other}")
        known[who] = own


def _networks(who: str, addresses: Sequence[str]) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    if not addresses:
        raise ConfigurationError(f"{who}: give it IP addresses or networks, such as 192.0.2.0/28")
    try:
        return [ipaddress.ip_network(address, strict=False) for address in addresses]
    except ValueError as error:
        raise ConfigurationError(f"{who}: {error}") from error


def _literal(value: object) -> object:
    """Let nothing that Asterisk would read as a comment, a section or a new line into a file."""
    if isinstance(value, str) and _FORBIDDEN.search(value):
        raise ConfigurationError(
            "a setting holds a character that Asterisk's files cannot carry (; [ ] or a control)"
        )
    return value


def _write_private(file: Path, text: str) -> None:
    """Replace a file in one step, mode 0600."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = file.with_name(f".{file.name}.{os.getpid()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        stream.write(text)
    fresh.replace(file)
