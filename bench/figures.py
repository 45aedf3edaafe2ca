"""What a measure gives: pure arithmetic on samples, and one line of JSON a figure."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

RESULTS = Path(__file__).resolve().parent / "results"


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """One figure: ours and the peer's in the same unit, and how many samples stand behind each side.

    ``peer`` is ``None`` where nothing comparable exists; there is no ratio then.
    """

    name: str
    ours: float
    peer: float | None
    unit: str
    n: int

    @property
    def ratio(self) -> float | None:
        """Ours as a multiple of the peer's."""
        return self.ours / self.peer if self.peer else None

    def line(self) -> str:
        """The figure as one line of JSON, to three significant digits."""
        values: dict[str, object] = {
            "name": self.name,
            "ours": rounded(self.ours),
            "peer": rounded(self.peer),
            "ratio": rounded(self.ratio),
            "unit": self.unit,
            "n": self.n,
        }
        return json.dumps(values)


def rounded(value: float | None) -> float | None:
    """To three significant digits: more would pretend a precision that no run has."""
    return None if value is None else float(f"{value:.3g}")


def percentile(values: Sequence[float], share: float) -> float:
    """The least value that at least ``share`` (0 to 1) of the values do not exceed (nearest rank).

    Raises:
        ValueError: there are no values.
    """
    if not values:
        raise ValueError("no values")
    rank = max(1, math.ceil(share * len(values)))
    return sorted(values)[rank - 1]


def median(values: Sequence[float]) -> float:
    """The middle value: :func:`percentile` at one half."""
    return percentile(values, 0.5)


def keep(line: str, at: datetime, folder: Path = RESULTS) -> None:
    """Append a figure's line to the day's file of results."""
    folder.mkdir(exist_ok=True)
    with (folder / f"{at:%Y-%m-%d}.jsonl").open("a") as file:
        file.write(f'{{"at": "{at:%Y-%m-%dT%H:%M:%SZ}", {line[1:]}\n')
