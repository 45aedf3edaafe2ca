"""Who calls, when, and how they behave: drawn from a seed, so that the same seed gives the same day. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

from simulator.manners import Span


@dataclass(frozen=True, slots=True)
class Mix:
    """How callers differ. Shares are of all callers, the rest is patient."""

    lines: tuple[str, ...] = ("15", "112")
    line_weights: tuple[float, ...] = (0.85, 0.15)
    hidden: float = 0.08
    skips_welcome: float = 0.3
    leaves_in_svi: float = 0.04
    leaves_in_queue: float = 0.08
    svi: Span = (2.0, 6.0)
    """When those who leave during the welcome do."""
    queue: Span = (12.0, 45.0)
    pyvoip: float = 0.15
    """How many use a telephone of another make, that shows its number and sends no keys."""
    patience: Span = (240.0, 600.0)
    """When a patient caller gives up, or has said everything, whatever happens."""


@dataclass(frozen=True, slots=True)
class RobotCaller:
    """One call to come. Instants are seconds, of the day for ``at``, of the call for the others."""

    at: float
    line: str
    number: str
    hidden: bool
    skip_after: float | None
    """When it presses a key to skip the welcome, if it does."""
    leaves_after: float
    """When it hangs up, unless the other side does before."""
    pyvoip: bool
    """Whether its telephone is pyVoIP's."""
    voice: int
    """Which of the voices it has (any number: take it modulo how many there are)."""


@dataclass(frozen=True, slots=True)
class Population:
    """Callers arriving at random, ``every`` seconds on average, never closer than ``closest`` seconds."""

    seed: int = 15
    every: float = 30.0
    closest: float = 5.0
    mix: Mix = field(default_factory=Mix)

    def callers(self) -> Iterator[RobotCaller]:
        """The callers, in order of arrival, without end."""
        chance = Random(self.seed)
        at = chance.uniform(1, self.closest + 1)
        while True:
            yield _draw(at, self.mix, chance)
            at += self.closest + chance.expovariate(1 / max(0.001, self.every - self.closest))


def _draw(at: float, mix: Mix, chance: Random) -> RobotCaller:
    kinds = (mix.svi, mix.queue, mix.patience)
    patient = 1 - mix.leaves_in_svi - mix.leaves_in_queue
    stay = chance.choices(kinds, (mix.leaves_in_svi, mix.leaves_in_queue, patient))[0]
    skip_after = chance.uniform(1.5, 4)
    pyvoip = chance.random() < mix.pyvoip
    return RobotCaller(
        at=at,
        line=chance.choices(mix.lines, mix.line_weights)[0],
        number=_number(chance),
        hidden=chance.random() < mix.hidden and not pyvoip,
        skip_after=skip_after if chance.random() < mix.skips_welcome and not pyvoip else None,
        leaves_after=chance.uniform(*stay),
        pyvoip=pyvoip,
        voice=chance.randrange(1_000),
    )


def _number(chance: Random) -> str:
    """A number of the ranges kept for fiction by the French numbering plan: nobody's."""
    prefix = chance.choice(("+3319900", "+3326191", "+3335301", "+3346571", "+3353649", "+3363998"))
    return prefix + f"{chance.randrange(10_000):04d}"
