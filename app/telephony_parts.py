"""The centre's Asterisks as the core sees them: made from the settings, started and let go together."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from app.asterisk_setup import load_secrets_of, prompts_dir, state_dir
from app.nodes import nodes_of
from app.settings import Settings
from core.ids import PositionId
from core.switch import SwitchEvent
from telephony.ami import ManagerLink
from telephony.fallback import AsteriskFallback
from telephony.fallback_log import FallbackLogFile
from telephony.nodes import FallbackNodes, QueueNodes, RecordingNodes, SwitchNodes
from telephony.switch import AsteriskSwitch


@dataclass(frozen=True, kw_only=True, slots=True)
class Telephony:
    """Every Asterisk of the centre, by name. Nothing is at work before :meth:`start`."""

    switches: dict[str, AsteriskSwitch]
    managers: dict[str, ManagerLink]
    switch: SwitchNodes
    """All of them, as one."""
    queue: QueueNodes
    fallback_calls: FallbackNodes
    recordings: RecordingNodes

    async def start(self, listener: Callable[[SwitchEvent], None]) -> None:
        """Wait for the Asterisks' calls from now on. ``listener``: is told of refusals for a security reason.

        Raises:
            OSError: a port is taken.
        """
        for switch in self.switches.values():
            await switch.start()
        for manager in self.managers.values():
            manager.listen(listener)
            await manager.start()

    def leave(self) -> None:
        """Leave every Asterisk at once to the core that takes over; :meth:`close` ends what remains."""
        for switch in self.switches.values():
            switch.let_go()

    async def let_go(self) -> None:
        """Command no more. Calls go on."""
        await asyncio.gather(*(switch.close() for switch in self.switches.values()))

    async def close(self) -> None:
        """Let go, and leave the manager interfaces too."""
        await self.switch.close()
        await self.let_go()
        await asyncio.gather(*(manager.close() for manager in self.managers.values()))

    @property
    def registered(self) -> set[PositionId]:
        """Positions whose strip is registered, on whatever Asterisk."""
        return {position for manager in self.managers.values() for position in manager.registered}


def telephony_of(settings: Settings, allowed: Callable[[], bool]) -> Telephony:
    """Describe the centre's Asterisks: whichever core is at work, it is the same to them, on the same ports.

    Args:
        settings: those of the centre.
        allowed: whether this core may order anything now.
    """
    nodes = nodes_of(settings)
    switches: dict[str, AsteriskSwitch] = {}
    managers: dict[str, ManagerLink] = {}
    for name, asterisk in settings.every_asterisk.items():
        secrets = load_secrets_of(settings, name)
        switches[name] = switch = AsteriskSwitch(
            app=settings.centre.core,
            switch=name,
            ari_port=asterisk.ari_port,
            ari_password=secrets.ari,
            ami_port=asterisk.ami_port,
            prompts=str(prompts_dir(settings)),
            position_codecs=asterisk.position_codecs,
            test_callers=asterisk.test_callers,
            elsewhere=nodes.elsewhere(name),
        )
        switch.allowed = allowed
        switch.noted = _fallback_log(settings, name).noted  # one of its own: the other keeps what it settled
        managers[name] = ManagerLink(port=asterisk.ami_port, secret=secrets.ami, app=settings.centre.core)
    return Telephony(
        switches=switches,
        managers=managers,
        switch=SwitchNodes(nodes, switches),
        queue=QueueNodes(managers.values()),
        recordings=RecordingNodes(nodes, managers),
        fallback_calls=FallbackNodes(
            nodes,
            {
                name: AsteriskFallback(switches[name], managers[name], _fallback_log(settings, name))
                for name in switches
            },
        ),
    )


def _fallback_log(settings: Settings, node: str) -> FallbackLogFile:
    """Where an Asterisk notes the calls of mode secours."""
    return FallbackLogFile(state_dir(settings, node) / "log" / "queue_log", settings.asterisk.test_callers)
