"""Calls to the outside: numbers, agents' telephones, neighbouring centres."""

from typing import Literal

from pydantic import Field, SecretStr

from app.settings.base import CentreCode, Dialled, PhoneName, Port, Section
from core.words import PhoneMode


class OutgoingSettings(Section):
    """Calls of the centre to numbers: by whom they go, whom they may reach, and what number they show."""

    host: str = Field(default="", pattern=r"^[A-Za-z0-9.:-]{0,253}$")
    """The operator's SIP address; empty: no number can be called."""
    port: Port = 5060
    transport: Literal["udp", "tcp", "tls"] = "udp"
    username: str = Field(default="", pattern=r"^[A-Za-z0-9._+-]{0,64}$")
    """Empty: the operator knows the centre by its address."""
    password: SecretStr = SecretStr("")
    presented: Dialled = ""
    """The number shown to those called; empty: the operator's choice."""
    presented_by_line: dict[str, Dialled] = {}
    """For those called from within a call that came in on a line: line → number shown."""
    presented_by_position: dict[str, Dialled] = {}
    """For those called by a position, unless the line says otherwise."""
    short_numbers: tuple[Dialled, ...] = ("15", "17", "18", "112", "114", "115", "119", "191", "196", "116117")
    """Short numbers that may be called."""
    prefixes: tuple[str, ...] = ("+33", "+262", "+508", "+590", "+594", "+596", "+687", "+689")
    """How the E.164 numbers begin that may be called."""
    refused_prefixes: tuple[str, ...] = ("+3389",)
    """Those among them that may not: surcharged numbers."""
    ring_seconds: float = Field(default=40, ge=5, le=120)
    """How long a number rings before it is given up."""


class RemoteSettings(Section):
    """Positions away from the centre: a telephone in place of the headset."""

    telephone: bool = False
    """Whether agents may let a telephone number carry their sound; there must be an operator (``outgoing``)."""
    prefixes: tuple[str, ...] = ()
    """How the E.164 numbers begin that may be called so; empty: the same as for other calls (``outgoing``)."""
    sip_phones: dict[PhoneName, SecretStr] = {}
    """SIP phones that may register with the centre: name → password. Each may carry an agent's sound."""
    modes: tuple[PhoneMode, ...] = tuple(PhoneMode)
    """``kept``: called once for the shift; ``per_call``: called for each call."""
    by_position: dict[str, str] = {}
    """The telephone of a position, number or name: it may use no other."""
    code: bool = False
    """Whether a code shown on the strip is to be typed on the telephone, rather than the key 1."""
    ring_seconds: float = Field(default=30, ge=5, le=120)
    confirm_seconds: float = Field(default=20, ge=5, le=60)
    """How long the key may take once the telephone is picked up."""


class NeighbourSettings(Section):
    """A centre that helps ours, and that ours helps."""

    host: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9.:-]{0,252}$")
    """Its SIP address."""
    port: Port = 5060
    transport: Literal["udp", "tcp", "tls"] = "udp"
    addresses: tuple[str, ...] = Field(min_length=1)
    """Addresses or networks from which its calls come: what it says of them is believed from there alone."""
    lines: tuple[Dialled, ...] = ()
    """The lines whose calls may go to it, and come from it; empty: all."""
    rooms: dict[str, str] = {}
    """Its waiting rooms → ours, where they do not have the same names."""


class MutualAidSettings(Section):
    """The neighbouring centres (entraide)."""

    answer_seconds: float = Field(default=30, ge=5, le=120)
    """How long a neighbour may take to answer, before the call is back at its place."""
    neighbours: dict[CentreCode, NeighbourSettings] = {}
