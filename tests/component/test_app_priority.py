"""A program comes before the machine's other work where that is allowed; elsewhere it runs all the same."""

import os
import subprocess

import pytest

from app.priority import ahead, reached

pytestmark = pytest.mark.component


def test_a_command_runs_at_the_niceness_where_that_is_allowed() -> None:
    usual = os.getpriority(os.PRIO_PROCESS, 0)
    allowed = reached(["nice", "-n", "-5"])
    words = ahead(-5)
    assert words == (["nice", "-n", "-5"] if allowed < usual else [])
    assert int(subprocess.check_output([*words, "nice"], text=True)) == allowed


def test_without_a_wish_nothing_is_asked_for() -> None:
    assert ahead(0) == []


def test_a_machine_without_the_command_leaves_everything_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert ahead(-5) == []
