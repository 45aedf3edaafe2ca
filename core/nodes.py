"""The Asterisks of a centre, and which of them a channel is on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

FIRST: Final = "asterisk-a"
"""Name of the first Asterisk of every centre."""


@dataclass(frozen=True, slots=True)
class Nodes:
    """The centre's Asterisks ("nodes"): name → what the ids of their channels begin with. One is the first.

    A channel whose id no node made counts as the first one's.
    """

    prefixes: Mapping[str, str]

    @classmethod
    def of_centre(cls, centre_id: str, names: tuple[str, ...] = (FIRST,)) -> "Nodes":
        """The nodes of a centre: their ids begin with its own, and with their name."""
        return cls({name: f"{centre_id}-{name}-" for name in names})

    @property
    def first(self) -> str:
        """The one that takes whatever belongs to none."""
        return next(iter(self.prefixes))

    def of(self, channel_id: str) -> str:
        """The node that made a channel (or a call: its id is its first channel's)."""
        for name, prefix in self.prefixes.items():
            if channel_id.startswith(prefix):
                return name
        return self.first

    def elsewhere(self, name: str) -> tuple[str, ...]:
        """How the ids of all other nodes' channels begin."""
        return tuple(prefix for other, prefix in self.prefixes.items() if other != name)


ONE_NODE: Final = Nodes.of_centre("FR751")
"""A centre with one Asterisk."""
