"""Fault runs hurt what is theirs alone: they fill no disk of the machine."""

import os
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from tests.chaos.faults import Hurt, disk_full

pytestmark = pytest.mark.component


async def test_no_disk_is_filled_but_the_small_one_of_a_run(tmp_path: Path) -> None:
    centre = SimpleNamespace(settings=SimpleNamespace(storage=SimpleNamespace(spool_dir=tmp_path)))
    hurt = cast(Hurt, SimpleNamespace(centre=centre))
    with pytest.raises(RuntimeError, match="small disk of its own"):
        async with disk_full(hurt):
            pytest.fail("it was filled")
    assert not os.listdir(tmp_path)
