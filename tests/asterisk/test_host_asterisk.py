"""An Asterisk of the host's own: used where it is recent enough, from wherever PATH has it.

It stands in for an installed one: the private root's program, its libraries and modules where they were made to
be, started by a command on PATH.
"""

import shlex
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.ids import PlaybackId
from setup import roots
from setup.host import bwrap
from setup.places import cache_dir
from simulator.callers import Caller
from tests.support.asterisk import TONES, TRUNK, CentreAsterisk, hear_tone

pytestmark = pytest.mark.asterisk


@pytest.fixture
def on_path(callers_root: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A recent ``asterisk`` in a folder of PATH that no system has."""
    folder = Path(tempfile.mkdtemp(prefix="opt-", dir=cache_dir()))  # /tmp is empty where Asterisk is confined
    launcher = folder / "asterisk"
    argv = [bwrap(), "--dev-bind", "/", "/", "--ro-bind", str(callers_root / "usr"), "/usr", "--"]
    launcher.write_text(f'#!/bin/sh\nexec {shlex.join([*argv, "/usr/sbin/asterisk"])} "$@"\n')
    launcher.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    yield launcher
    shutil.rmtree(folder)


async def test_a_recent_asterisk_of_the_host_serves_a_call(on_path: Path, tmp_path: Path) -> None:
    assert roots.asterisk_program() == str(on_path)
    assert roots.asterisk_root() is None
    assert roots.refused_asterisk() is None
    async with CentreAsterisk(None, tmp_path) as asterisk, asterisk.switch() as switch:
        await switch.ready()
        async with await Caller.open(TRUNK) as caller:
            caller.call("15")
            channel = await switch.picked_up()
            await caller.answered()
            await switch.play(channel, PlaybackId("p1"), "welcome")
            await hear_tone(caller, TONES["welcome"])
