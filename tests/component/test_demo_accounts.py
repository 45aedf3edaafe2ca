"""The accounts of a demonstration: made once, kept, and completed when the demonstration grows."""

import json
import stat
from pathlib import Path

import pytest

from app.demo_accounts import demo_logins
from core.words import Role

pytestmark = pytest.mark.component


def test_they_are_made_once_for_their_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "var" / "logins.json"
    made = demo_logins(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert demo_logins(file) == made
    assert {person.role for person in made.humans} == set(Role) - {Role.PHYSICIAN_ML, Role.TEST_ROBOT}
    assert len({person.password for person in made.humans}) == len(made.humans)
    assert len({person.password for person in made.robots}) == 1


def test_who_is_not_there_yet_is_added_and_the_others_keep_their_passwords(tmp_path: Path) -> None:
    file = tmp_path / "logins.json"
    made = demo_logins(file)
    people = json.loads(file.read_text())
    file.write_text(json.dumps([p for p in people if p["login"] in ("arm1", "robot1")]))
    again = demo_logins(file)
    kept = {p.login: p.password for p in made.people if p.login in ("arm1", "robot1")}
    assert kept.items() <= {p.login: p.password for p in again.people}.items()
    assert {p.login for p in again.people} == {p.login for p in made.people}
    assert len({person.password for person in again.robots}) == 1
    assert demo_logins(file) == again
