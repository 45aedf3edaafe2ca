"""What a run will do, drawn from its seed before anything starts. Pure."""

from dataclasses import dataclass
from random import Random

from tests.chaos.states import State

Span = tuple[float, float]

BEFORE_S: Span = (1.0, 3.0)
"""From the first arrival to the fault."""
STAYS_S: Span = (5.0, 10.0)
"""How long a caller who arrives stays at most: nobody is free to answer them all."""
AFTER_S = 4.0
"""How long callers go on arriving once the fault is healed."""
_LAST = (State.OFFERED, State.WAITING, State.SVI)
"""These come last: a call that waits is offered to the next who is ready, and the SVI lets nobody stay."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A caller to come. Seconds: since the first could arrive, and on the line."""

    at: float
    number: str
    stays: float


@dataclass(frozen=True, slots=True)
class Plan:
    """One run."""

    seed: int
    row: str
    staged: tuple[tuple[State, str], ...]
    """The calls there are when the fault comes, in order of making: state, number."""
    arrivals: tuple[Arrival, ...]
    fault_at: float
    fault_lasts: float
    chance: float
    """Between 0 and 1, for what a fault has to choose itself."""


def drawn(seed: int, row: str, lasts: Span, *, rate: float, states: tuple[State, ...]) -> Plan:
    """Draw a run.

    Args:
        seed: of everything.
        row: its fault; each has other draws from the same seed.
        lasts: how long the fault lasts, at least and at most.
        rate: callers a second, on average.
        states: which calls there are.
    """
    chance = Random(f"{seed}:{row}")
    numbers = [f"+3319900{number:04d}" for number in chance.sample(range(10_000), 400)]
    answered = [state for state in states if state not in _LAST]
    chance.shuffle(answered)
    order = (*answered, *sorted((s for s in states if s in _LAST), key=_LAST.index))
    fault_at, fault_lasts = chance.uniform(*BEFORE_S), chance.uniform(*lasts)
    arrivals: list[Arrival] = []
    at = chance.expovariate(rate)
    while at < fault_at + fault_lasts + AFTER_S and len(arrivals) < len(numbers) - len(order):
        arrivals.append(Arrival(at, numbers[len(order) + len(arrivals)], chance.uniform(*STAYS_S)))
        at += chance.expovariate(rate)
    return Plan(
        seed=seed,
        row=row,
        staged=tuple(zip(order, numbers, strict=False)),
        arrivals=tuple(arrivals),
        fault_at=fault_at,
        fault_lasts=fault_lasts,
        chance=chance.random(),
    )
