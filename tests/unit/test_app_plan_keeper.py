"""Which plan is in force: by the orders, by the journal after a restart, and never none."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.bus import InProcessBus
from app.commands import app
from app.plan import SHIPPED
from app.plan_keeper import PlanKeeper
from app.plan_store import PlanError, PlanOrder, PlanStore
from app.prompts import catalogue
from core.events import Envelope, PlanActivated, PlanRefused
from core.ids import CentreId
from tests.support.centre import HeldClock, MemoryJournal
from tests.support.plan import WELCOME

pytestmark = pytest.mark.unit


class Keeping:
    """A keeper with its store, clock and journal."""

    def __init__(self, folder: Path, past: tuple[Envelope, ...] = ()) -> None:
        self.clock, self.journal, self.store = HeldClock(), MemoryJournal(past), PlanStore(folder)
        bus = InProcessBus(self.journal, self.clock, CentreId("FR751"))
        self.keeper = PlanKeeper(bus, self.clock, self.store, catalogue())
        self.keeper.preload()
        for envelope in past:
            bus.replay(envelope)
        self.keeper.start()

    def order(self, version: int, surge: str = "", in_seconds: float = 0) -> None:
        at = self.clock.now() + timedelta(seconds=in_seconds)
        self.store.order(PlanOrder(at=at, version=version, surge=surge, by="somebody"))

    def pass_time(self, seconds: float) -> None:
        self.keeper.tick(self.clock.advance(seconds))

    @property
    def activated(self) -> list[tuple[int, str]]:
        return [(event.version, event.surge) for event in self.journal.events(PlanActivated)]


def test_without_any_plan_the_shipped_one_is_in_force(tmp_path: Path) -> None:
    it = Keeping(tmp_path)
    assert it.activated == [(0, "")]
    assert it.keeper.current.title == "SAMU de démonstration"


def test_orders_are_taken_up_when_they_are_due_and_only_once(tmp_path: Path) -> None:
    it = Keeping(tmp_path)
    assert it.store.publish(WELCOME.encode()) == 1
    it.order(1, in_seconds=5)
    it.pass_time(4)
    assert it.activated == [(0, "")]
    it.pass_time(2)
    it.pass_time(2)
    assert it.activated == [(0, ""), (1, "")]
    assert it.journal.events(PlanActivated)[-1].by == "somebody"


def test_a_rollback_goes_to_the_version_before_and_again_forth(tmp_path: Path) -> None:
    it = Keeping(tmp_path)
    it.order(it.store.publish(WELCOME.encode()))
    it.pass_time(1)
    it.order(it.store.publish(SHIPPED.read_bytes()), surge="afflux")
    it.pass_time(1)
    before = it.store.before(it.clock.now())
    assert before is not None
    it.store.order(before)
    it.pass_time(2)
    assert it.activated[1:] == [(1, ""), (2, "afflux"), (1, "")]


def test_a_version_never_changes_and_the_same_text_is_the_same_version(tmp_path: Path) -> None:
    store = PlanStore(tmp_path)
    assert [store.publish(text) for text in (b"a", b"a", b"b", b"a")] == [1, 1, 2, 3]
    assert store.text(2) == b"b"
    assert (tmp_path / "0002.yaml").stat().st_mode & 0o222 == 0
    with pytest.raises(PlanError):
        store.text(9)


@pytest.mark.parametrize("bad", [b"lignes: [", b"", b"\xff", b"titre: X\n"])
def test_a_plan_that_cannot_be_used_leaves_the_last_good_one_and_an_alarm(tmp_path: Path, bad: bytes) -> None:
    it = Keeping(tmp_path)
    it.order(it.store.publish(WELCOME.encode()))
    it.pass_time(1)
    it.order(it.store.publish(bad))
    for _ in range(5):
        it.pass_time(1)
    assert [event.version for event in it.journal.events(PlanRefused)] == [2]
    assert it.keeper.trouble
    assert it.activated[-1] == (1, "")
    it.order(1)
    it.pass_time(2)
    assert not it.keeper.trouble


def test_orders_that_cannot_be_read_leave_the_last_good_plan(tmp_path: Path) -> None:
    it = Keeping(tmp_path)
    (tmp_path / "orders.json").write_text("{")
    it.pass_time(2)
    it.pass_time(2)
    assert len(it.journal.events(PlanRefused)) == 1
    assert it.keeper.current.title
    it.order(it.store.publish(WELCOME.encode()))
    it.pass_time(2)
    assert it.activated[-1] == (1, "")


def test_after_a_restart_the_journal_says_what_is_in_force(tmp_path: Path) -> None:
    it = Keeping(tmp_path)
    it.order(it.store.publish(SHIPPED.read_bytes()), surge="afflux")
    it.pass_time(1)
    again = Keeping(tmp_path, tuple(it.journal.envelopes))
    assert (again.keeper.version, again.keeper.surge) == (1, "afflux")
    assert again.activated == it.activated
    later = Keeping(tmp_path)  # its journal's window no longer tells
    assert later.activated == [(1, "afflux")]


def test_a_version_that_is_gone_after_a_restart_is_no_dead_centre(tmp_path: Path) -> None:
    it = Keeping(tmp_path)
    it.order(it.store.publish(WELCOME.encode()))
    it.pass_time(1)
    (tmp_path / "0001.yaml").unlink()
    again = Keeping(tmp_path, tuple(it.journal.envelopes))
    assert again.keeper.current.title == "SAMU de démonstration"
    assert again.keeper.trouble


async def test_a_surge_is_laid_over_and_taken_off(tmp_path: Path) -> None:
    it = Keeping(tmp_path)
    await it.keeper.surge_to("afflux", "chef")
    assert it.activated[-1] == (0, "afflux")
    with pytest.raises(KeyError):
        await it.keeper.surge_to("inconnu", "chef")
    await it.keeper.surge_to("", "chef")
    assert it.activated[-1] == (0, "")
    await asyncio.sleep(0)


def test_the_command_line_checks_publishes_tries_draws_and_surges(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BANDEAU15_STORAGE__DATA_DIR", str(tmp_path))
    file = tmp_path / "plan.yaml"

    def run(*words: str, status: int = 0) -> str:
        done = CliRunner().invoke(app, ["plan", *words], env={"COLUMNS": "200"})
        assert done.exit_code == status, done.output
        return done.output

    file.write_bytes(SHIPPED.read_bytes().replace(b"sinon: attente", b"sinon: atente", 1))
    assert "« atente » n'existe pas" in run("check", str(file), status=1)
    run("publish", str(file), status=1)
    file.write_bytes(SHIPPED.read_bytes())
    assert "Plan correct" in run("check", str(file))
    assert "Version 1" in run("publish", str(file))
    assert "crise-accueil" in run("surge", "preview", "afflux")
    run("surge", "on", "afflux")
    assert "renfort afflux" in run("list")
    run("surge", "on", "inconnu", status=1)
    run("surge", "off")
    assert "renfort afflux" not in run("list")
    assert "priorité UV" in run("try", "15", "--keys", "1")
    assert "Fermés" in run("try", "116117", "--at", "2026-12-25T10:00", "--keys", "fin").title()
    assert run("diagram", "urgence").startswith("flowchart TD")
    run("activate", "7", status=1)
    assert "Version 0" in run("rollback")
    assert "Prévu le 24/12/2030 18:00:00" in run("activate", "1", "--at", "2030-12-24T18:00") + run("list")
