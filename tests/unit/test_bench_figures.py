"""The arithmetic of the benchmarks: figures, percentiles, the search for the knee."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bench.figures import Figure, keep, median, percentile
from bench.p2 import delays
from bench.p3 import HIGHEST, Step, knee

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [
        ([5.0], 0.99, 5.0),
        ([3.0, 1.0, 2.0], 0.5, 2.0),
        ([1.0, 2.0, 3.0, 4.0], 0.5, 2.0),
        ([float(n) for n in range(1, 101)], 0.99, 99.0),
        ([float(n) for n in range(1, 102)], 0.99, 100.0),
        ([2.0, 1.0], 0.0, 1.0),
        ([2.0, 1.0], 1.0, 2.0),
    ],
)
def test_percentiles_are_values_that_were_seen(values: list[float], share: float, expected: float) -> None:
    assert percentile(values, share) == expected


def test_of_nothing_there_is_no_percentile() -> None:
    with pytest.raises(ValueError, match="no values"):
        median([])


def test_a_figure_is_one_line_of_json() -> None:
    figure = Figure(name="p1", ours=10.0, peer=8.0, unit="ms", n=3)
    assert "\n" not in figure.line()
    assert json.loads(figure.line()) == {
        "name": "p1",
        "ours": 10.0,
        "peer": 8.0,
        "ratio": 1.25,
        "unit": "ms",
        "n": 3,
    }


def test_without_peer_there_is_no_ratio() -> None:
    line = json.loads(Figure(name="p4", ours=1234.5, peer=None, unit="bytes", n=1).line())
    assert (line["ours"], line["peer"], line["ratio"]) == (1230.0, None, None)


def test_results_are_kept_by_day(tmp_path: Path) -> None:
    at = datetime(2026, 3, 1, 23, 59, tzinfo=UTC)
    for name in ("p1", "p2"):
        keep(Figure(name=name, ours=1, peer=2, unit="ms", n=1).line(), at, tmp_path)
    lines = (tmp_path / "2026-03-01.jsonl").read_text().splitlines()
    assert [json.loads(line)["name"] for line in lines] == ["p1", "p2"]
    assert json.loads(lines[0])["at"] == "2026-03-01T23:59:00Z"


def test_delays_are_of_the_calls_seen_at_both_ends() -> None:
    assert delays({1: 10.0, 2: 20.0}, {2: 20.5, 3: 30.0}) == [0.5]


def breaking_at(limit: float) -> Step:
    """A peer that is fast up to a rate, and slow beyond."""

    async def step(rate: float, calls: int) -> list[float]:
        return [0.01 if rate <= limit else 0.4] * calls

    return step


@pytest.mark.parametrize("limit", [25.0, 90.0, 130.0, 250.0])
async def test_the_knee_is_found_from_below(limit: float) -> None:
    found, steps = await knee("fake", breaking_at(limit), 1.0, 3)
    assert 0.75 * limit <= found <= limit
    assert steps <= 9


async def test_a_knee_out_of_reach_is_the_highest_rate_asked() -> None:
    found, _ = await knee("fake", breaking_at(10_000), 1.0, 3)
    assert found == HIGHEST


async def test_lost_calls_are_no_success() -> None:
    async def losing(rate: float, calls: int) -> list[float]:
        return [0.01] * (calls - 1)

    assert (await knee("fake", losing, 1.0, 3))[0] == 0
