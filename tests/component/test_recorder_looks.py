"""Recordings that are to be looked at about then are looked at together."""

import asyncio

import pytest

from recorder.looks import Looks, Pair
from recorder.policy import Measured, Tracks

pytestmark = pytest.mark.component

ALL = [Tracks(f"{number}-caller.wav", f"{number}-centre.wav") for number in range(20)]


def _rounds() -> int:
    return sum(task.get_name() == "look at recordings" for task in asyncio.all_tasks())


def _numbered(tracks: Tracks) -> Pair:
    return Measured(octets=ALL.index(tracks)), Measured()


async def test_all_who_wait_are_told_of_their_own_by_fewer_looks() -> None:
    looks = Looks(_numbered)
    waiting = [asyncio.ensure_future(looks.after(0.2, tracks)) for tracks in ALL]
    await asyncio.sleep(0)
    assert 1 <= _rounds() < len(ALL)
    told = await asyncio.gather(*waiting)
    assert [caller.octets for caller, _ in told] == list(range(len(ALL)))
    assert _rounds() == 0


async def test_who_gives_up_takes_nobody_along() -> None:
    looks = Looks(_numbered)
    waiting = [asyncio.ensure_future(looks.after(0.05, tracks)) for tracks in ALL[:3]]
    await asyncio.sleep(0)
    waiting[0].cancel()
    told = await asyncio.gather(*waiting[1:])
    assert [caller.octets for caller, _ in told] == [1, 2]


async def test_closing_leaves_nothing_under_way() -> None:
    looks = Looks(_numbered)
    waiting = asyncio.ensure_future(looks.after(60, ALL[0]))
    await asyncio.sleep(0)
    await looks.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert _rounds() == 0
