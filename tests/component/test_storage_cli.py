"""The command line over storage, as an operator uses it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.commands import app
from core.events import CoreStarted
from storage.spool import Spool
from tests.support.call_story import abandoned_call, answered_call
from tests.support.events import envelope

pytestmark = pytest.mark.component

WIDE = {"COLUMNS": "250"}
"""Tables are printed whole, whatever the width of the terminal that runs the tests."""

DAY = "2026-11-22"


@pytest.fixture
def settings_file(tmp_path: Path, database_url: str) -> Path:
    file = tmp_path / "centre.toml"
    file.write_text(f'[storage]\ndata_dir = "{tmp_path}"\ndatabase_url = "{database_url}"\n')
    return file


@pytest.fixture
def running_core(tmp_path: Path) -> Iterator[None]:
    """A core whose database has nothing yet: all is in its spool."""
    spool = Spool(tmp_path / "spool")
    spool.open()
    for number, event in enumerate([CoreStarted(core="core-a"), *answered_call("c-1"), *abandoned_call("c-2")]):
        spool.append(envelope(event, spool.next_seq, seconds=number))
    yield
    spool.close()


def run(settings_file: Path, *arguments: str, says: str = "", status: int = 0) -> str:
    done = CliRunner().invoke(app, ["--config", str(settings_file), *arguments], input=says, env=WIDE)
    assert done.exit_code == status, done.output
    return done.output


def test_migrate(tmp_path: Path, empty_database_url: str) -> None:
    file = tmp_path / "centre.toml"
    file.write_text(f'[storage]\ndata_dir = "{tmp_path}"\ndatabase_url = "{empty_database_url}"\n')
    for _ in range(2):
        assert "up to date" in run(file, "migrate")


def test_accounts_are_added_listed_changed_and_removed(settings_file: Path) -> None:
    name = ("--name", "Zoé [bold]", "--role", "supervisor", "--agent-id", "8997/1")
    run(settings_file, "user", "add", "arm1", *name, "--password-stdin", says="a long password\n")
    run(settings_file, "user", "add", "arm2", says="another password\nanother password\n")
    listed = run(settings_file, "user", "list")
    for word in ("arm1", "Zoé [bold]", "supervisor", "8997/1", "arm2"):
        assert word in listed
    taken = run(settings_file, "user", "add", "arm1", "--password-stdin", says="a long password\n", status=1)
    assert "login" in taken
    short = run(settings_file, "user", "password", "arm1", "--password-stdin", says="short\n", status=1)
    assert "10 to 128" in short
    run(settings_file, "user", "password", "arm1", "--password-stdin", says="yet another one\n")
    run(settings_file, "user", "remove", "arm1")
    assert "arm1" not in run(settings_file, "user", "list")
    assert "arm1" in run(settings_file, "user", "remove", "arm1", status=1)


@pytest.mark.usefixtures("running_core")
def test_the_journal_is_read_beside_a_running_core(settings_file: Path) -> None:
    of_call = run(settings_file, "journal", "call", "c-1")
    assert of_call.count("c-1 ") >= 13
    assert "CallArrived" in of_call
    assert "2026-11-22 13:00:01" in of_call, "times are those of Paris"
    assert "c-2" not in of_call

    lines = run(settings_file, "journal", "today", "--date", DAY, "--json").splitlines()
    assert [json.loads(line)["seq"] for line in lines] == list(range(1, 23))
    assert "CoreStarted" in run(settings_file, "journal", "today", "--date", DAY)
    assert run(settings_file, "journal", "today", "--date", "2026-11-23", "--json") == ""

    ledger = run(settings_file, "journal", "ledger", "--date", DAY)
    assert "2 calls" in ledger
    for words in ("+33612345678", "hidden", "answered", "abandoned_queue", "arm2"):
        assert words in ledger
    entries = [
        json.loads(line)
        for line in run(settings_file, "journal", "ledger", "--date", DAY, "--json").splitlines()
    ]
    assert [entry["outcome"] for entry in entries] == ["answered", "abandoned_queue"]
    assert "from 0 events" in run(settings_file, "journal", "rebuild")


@pytest.mark.usefixtures("running_core")
def test_a_day_is_audited(settings_file: Path, tmp_path: Path) -> None:
    found = run(settings_file, "journal", "audit", "--date", DAY)
    assert "0 findings" in found
    assert "I1 not checked" in found
    assert run(settings_file, "journal", "audit", "--date", DAY, "--json") == ""
    witness = tmp_path / "witness.jsonl"
    seen = {"number": "+33612345678", "sent_at": "2026-11-22T12:00:01Z", "status": 200}
    witness.write_text(json.dumps(seen) + "\n")
    assert "0 findings" in run(settings_file, "journal", "audit", "--date", DAY, "--witness", str(witness))
    seen["number"] = "+33699999999"
    witness.write_text(json.dumps(seen) + "\n")
    found = run(settings_file, "journal", "audit", "--date", DAY, "--witness", str(witness), "--json", status=1)
    assert [json.loads(line)["invariant"] for line in found.splitlines()] == ["I1"]
    witness.write_text("rubbish\n")
    run(settings_file, "journal", "audit", "--date", DAY, "--witness", str(witness), status=1)


def test_what_is_wrong_is_said_in_one_line(settings_file: Path, tmp_path: Path) -> None:
    assert "No such call" in run(settings_file, "journal", "call", "c-9", status=1)
    absent = run(tmp_path / "absent.toml", "migrate", status=1)
    assert "absent.toml" in absent.replace("\n", "")
    wrong = tmp_path / "wrong.toml"
    wrong.write_text('[storage]\ndatabase_url = "mysql://x/y"\n')
    assert "postgresql+asyncpg" in run(wrong, "migrate", status=1).replace("\n", "")
