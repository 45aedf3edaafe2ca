"""Asterisk: how it is reached, from where, and who is kept out."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from app.settings.base import E164, Address, AddressOrNone, Network, Port, Section


class AsteriskSettings(Section):
    """How the core and the callers meet Asterisk."""

    bind_address: str = "0.0.0.0"  # noqa: S104 - trunks and strips are on other machines
    sip_port: Port = 5060
    sip_tls_port: Port = 5061
    ws_port: Port = 8088
    wss_port: Port = 8089
    rtp_start: Port = 10000
    rtp_end: Port = 10999
    ari_port: Port = 8087
    """Loopback port of the core to which Asterisk opens its ARI WebSocket."""
    ami_port: Port = 5038
    trunks: dict[str, list[str]] = {"operator": ["127.0.0.0/8"]}
    """Trunk name → addresses or networks from which calls are accepted."""
    claim_timeout_ms: int = Field(default=300, ge=50, le=2000)
    frozen_seconds: float = Field(default=2.5, ge=1, le=60)
    """An Asterisk that has answered nothing for so long is killed by the launcher, and started again."""
    niceness: int = Field(default=-15, ge=-20, le=0)
    """How far Asterisk comes before the machine's other work, where the launcher may let it; 0: not at all."""
    test_callers: tuple[E164, ...] = ()
    """Numbers (E.164) of the continuous test robot: kept out of every figure."""
    prompts_dir: Path | None = None
    """Announcements; by default those made at set-up."""
    position_codecs: Literal["opus,alaw", "alaw,opus", "alaw"] = "alaw,opus"


class NodeSettings(Section):
    """A further Asterisk of the centre, on the same machine: what differs from the first.

    The names of the fields are those of ``asterisk``; the defaults suit a second one.
    """

    name: Annotated[str, StringConstraints(pattern=r"^asterisk-[b-z]$")]
    """With the centre's id it makes the ids of calls unique: never give one Asterisk's name to another."""
    bind_address: AddressOrNone = ""
    """Empty: that of the first."""
    sip_port: Port = 5070
    sip_tls_port: Port = 5071
    ws_port: Port = 8098
    wss_port: Port = 8099
    rtp_start: Port = 11000
    rtp_end: Port = 11999
    ari_port: Port = 8097
    ami_port: Port = 5048


class TurnSettings(Section):
    """The TURN server by which strips outside the centre reach Asterisk's sound."""

    enabled: bool = False
    public_host: str = Field(default="", pattern=r"^[A-Za-z0-9.:-]{0,253}$")
    """The name or address at which strips outside reach it."""
    bind_address: Address = "0.0.0.0"  # noqa: S104 - strips are elsewhere
    port: Port = 3478
    """For UDP and TCP."""
    tls_port: Port = 5349
    relay_address: AddressOrNone = ""
    """Address from which it relays to Asterisk; empty: its own choice. No trunk may be known by it."""
    relay_start: Port = 49160
    relay_end: Port = 49959
    peers: tuple[Address, ...] = ()
    """Addresses of Asterisk, the only ones relayed to; empty: those of this machine."""
    policy: Literal["all", "relay"] = "all"
    """``relay``: strips try no direct way to Asterisk."""
    credential_minutes: float = Field(default=120, ge=1, le=24 * 60)
    """How long credentials are good for; strips renew them."""
    sessions: int = Field(default=600, ge=1)
    """How many allocations there may be at a time, of all strips."""

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if self.enabled and not self.public_host:
            raise ValueError("public_host: name the address at which strips outside reach the TURN server")
        return self


class GuardSettings(Section):
    """When an address is banned from the SIP door. Trunks, neighbours and agents' places never are."""

    refusals: int = Field(default=20, ge=3, le=10_000)
    """How many refused messages are borne…"""
    window_seconds: float = Field(default=60, ge=1, le=3600)
    """…within so long."""
    ban_seconds: float = Field(default=600, ge=1, le=86_400)
    """The first ban; each further one of the same address is twice as long, up to a day."""
    trusted: tuple[Network, ...] = ()
    """Further addresses and networks that are never banned."""
