"""A bad line: packets come late, or not at all."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class BadLine:
    """Each way alike. ``delay`` in seconds; ``loss``: the share of packets that do not come, 0–1."""

    delay: float
    loss: float
    chance: Random

    def carry(self, arrive: Callable[[bytes], None], packet: bytes) -> None:
        """Let a packet arrive, late, or not."""
        if self.chance.random() >= self.loss:
            asyncio.get_running_loop().call_later(self.delay, arrive, packet)
