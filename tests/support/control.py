"""A centre in one's hand: callers, agents, numbers, each a line to write; and what must hold of their sound."""

from calls.numbers import NumberRules
from calls.wiring import InBridge, Music, Place, leg_place, wiring
from core.commands import AcceptOffer, Command, PlaceCall
from core.events import CallEnded
from core.ids import BridgeId, CallId, ChannelId, PositionId
from core.switch import DigitPressed, LegOpened, position_bridge
from core.words import Role, Target, TargetKind
from tests.support.centre import FakeCentre, settle

RULES = NumberRules(
    trunk=True,
    short_numbers=frozenset({"18"}),
    prefixes=("+33",),
    refused_prefixes=("+3389",),
    presented="+33144000015",
    ring_seconds=30,
)
NUMBER = "+33612345678"
SMUR = "+33140000001"


def number(value: str = SMUR) -> Target:
    return Target(TargetKind.NUMBER, value)


def colleague(name: str) -> Target:
    return Target(TargetKind.POSITION, name)


def room(name: str) -> Target:
    return Target(TargetKind.ROOM, name)


class Control:
    """A centre whose agents have their legs open."""

    def __init__(self, centre: FakeCentre | None = None) -> None:
        self.centre = centre or FakeCentre(rules=RULES, wrap_up_seconds=0)
        if centre is None:
            self.centre.start()
        self.switch = self.centre.switch
        self.journal = self.centre.journal
        self.live = self.centre.calls.calls

    async def do(self, command: Command) -> None:
        self.centre.bus.execute(command)
        await settle()

    async def agent(self, name: str, role: Role = Role.ARM, agent_id: str = "") -> PositionId:
        position = self.centre.agent(name, ready=False, role=role, agent_id=agent_id)
        leg = ChannelId(f"leg-{name}")
        self.switch.legs[leg] = position
        self.switch.tell(LegOpened(position_id=position, channel_id=leg))
        self.centre.readiness(position, ready=True)
        await settle()
        return position

    @staticmethod
    def home(name: str) -> BridgeId:
        return position_bridge(PositionId(name))

    async def queued(self, value: str = NUMBER) -> CallId:
        """A caller reaches the waiting room."""
        call_id = self.centre.caller(value)
        await settle()
        self.switch.tell(DigitPressed(channel_id=ChannelId(call_id), digit="#"))
        await settle()
        return call_id

    async def talking(self, name: str) -> CallId:
        """A caller whom an agent, alone there, has answered."""
        call_id = await self.queued()
        await self.accept(name)
        return call_id

    async def accept(self, name: str) -> None:
        """The agent takes what is offered."""
        position = self.centre.acd.room.positions[PositionId(name)]
        assert position.offer is not None, f"nothing is offered to {name}"
        await self.do(AcceptOffer(position_id=PositionId(name), offer_id=position.offer.offer_id))

    async def call_number(self, name: str, value: str = SMUR) -> CallId:
        """The agent calls a number: it rings."""
        await self.do(PlaceCall(position_id=PositionId(name), target=number(value)))
        return self.live.calls_of(PositionId(name))[-1].call_id

    def channel_called(self, value: str = SMUR) -> ChannelId:
        """The newest channel to a number."""
        return [c for c, callee in self.switch.callees.items() if callee.number == value][-1]

    async def picks_up(self, value: str = SMUR) -> ChannelId:
        channel = self.channel_called(value)
        self.switch.callee_answers(channel)
        await settle()
        return channel

    async def gone(self, channel: ChannelId, cause: int = 16) -> None:
        self.switch.channel_ends(channel, cause)
        await settle()
        await self.hang_ups()

    async def hang_ups(self) -> None:
        """Asterisk carries out what it was told to end."""
        self.switch.carry_out_hang_ups()
        await settle()

    def heard_by_legs(self) -> list[str]:
        """What is being played to agents."""
        return [
            sound
            for channel, sounds in self.switch.playing.values()
            for sound in sounds
            if channel in self.switch.legs
        ]

    def ended(self, call_id: CallId) -> CallEnded:
        [ended] = [e for e in self.journal.events(CallEnded) if e.call_id == call_id]
        return ended

    def together(self, *channels: str) -> bool:
        """Whether these channels, and no other, are in one bridge."""
        places = {self.switch.where(ChannelId(channel)) for channel in channels}
        place = next(iter(places))
        return len(places) == 1 and place is not None and self.switch.bridges[place] == set(channels)


def bridge_of(place: Place) -> BridgeId | None:
    """The bridge that a channel is to be in, if any."""
    return place.bridge if isinstance(place, InBridge) else None


def discord(centre: FakeCentre) -> list[str]:
    """What of the sound is not as it should be: nothing, at rest."""
    switch, live = centre.switch, centre.calls.calls
    wrong: list[str] = []
    for call in live.by_id.values():
        for channel, place in wiring(call).channels.items():
            where, music = switch.where(channel), switch.music.get(channel)
            if isinstance(place, InBridge) and (where != place.bridge or music):
                wrong.append(f"{channel} is in {where}, hears {music}, belongs in {place.bridge}")
            elif isinstance(place, Music) and (where or music != place.name):
                wrong.append(f"{channel} is in {where}, hears {music}, belongs to {place.name}")
        wrong += [
            f"{p.channel_id} is muted, or not"
            for p in call.outside()
            if p.muted != (p.channel_id in switch.muted)
        ]
    told = {channel for channel, _ in switch.playing.values()}
    """What is said to a leg keeps it where it is."""
    for leg, position in switch.legs.items():
        if leg in told and switch.where(leg) == position_bridge(position):
            continue
        if position in live.agents and switch.where(leg) != bridge_of(leg_place(live, position)):
            wrong.append(f"{leg} is in {switch.where(leg)}, belongs in {bridge_of(leg_place(live, position))}")
    places = [place for call in live.by_id.values() for place in wiring(call).channels.values()]
    kept = {place.bridge for place in places if isinstance(place, InBridge)}
    kept |= {bridge for p in switch.legs.values() if (bridge := bridge_of(leg_place(live, p)))}
    wrong += [f"{b} was left open" for b in switch.bridges if b.startswith("call-") and b not in kept]
    return wrong
