"""``bandeau15 plan …``: check, publish, activate, roll back, draw and try the centre's plan."""

import getpass
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.markup import escape
from rich.table import Table

from acd.defaults import default_plan
from app.announcements import announcements, missing
from app.cli_support import centre_now, console, fail, settings_of
from app.plan import CentrePlan, Reading, read_plan
from app.plan_store import PlanError, PlanOrder, PlanStore
from app.settings import Settings
from core.plan import Difference
from ivr import trial
from ivr.calendar import PARIS
from ivr.diagram import mermaid
from ivr.reading import STATES, e164
from ivr.script import CentreState, sounds_of
from ivr.walk import Circumstances

T = TypeVar("T")

app = typer.Typer(help="The centre's plan: lines, call flows, rooms, surges.", no_args_is_help=True)
surge_app = typer.Typer(help="Lay a prepared surge over the plan, or take it off.", no_args_is_help=True)
app.add_typer(surge_app, name="surge")

PlanFile = Annotated[Path, typer.Argument(help="YAML file of the plan.", exists=True, dir_okay=False)]
MaybeFile = Annotated[
    Path | None, typer.Option("--file", help="A plan's file; by default the plan in force.", exists=True)
]
At = Annotated[str, typer.Option(help="When: 2026-12-24T18:00, in Europe/Paris; by default now.")]
Surge = Annotated[str, typer.Option("--surge", help="Under this surge.")]


@app.command()
def check(context: typer.Context, file: PlanFile) -> None:
    """Check a plan: every error at once, with its line and remedy."""
    _checked(settings_of(context), file)
    console.print("[green]Plan correct.[/green]")


@app.command()
def publish(
    context: typer.Context,
    file: PlanFile,
    at: At = "",
    activate: Annotated[bool, typer.Option(help="Put it in force.")] = True,
) -> None:
    """Keep a plan as a new version, in force now or from an instant on. The running core takes it up."""
    settings = settings_of(context)
    _checked(settings, file)
    store = PlanStore(settings.storage.plans_dir)
    version = store.publish(file.read_bytes())
    console.print(f"Version {version}.")
    if activate:
        _order(store, version, _instant(settings, at))


@app.command("activate")
def activate_(
    context: typer.Context, version: Annotated[int, typer.Argument(min=0)], at: At = "", surge: Surge = ""
) -> None:
    """Put a version in force, now or from an instant on; 0 is the plan that ships with the program."""
    settings = settings_of(context)
    reading = _version(settings, version)
    if reading.errors:
        _tell(reading, f"version {version}")
        fail(f"La version {version} ne peut pas être activée.")
    if surge and surge not in reading.surges:
        fail(f"La version {version} n'a pas de renfort « {surge} ».")
    _order(PlanStore(settings.storage.plans_dir), version, _instant(settings, at), surge)


@app.command()
def rollback(context: typer.Context) -> None:
    """Go back to the version that was in force before."""
    settings = settings_of(context)
    store, now = PlanStore(settings.storage.plans_dir), centre_now(settings)
    before = _ask(lambda: store.before(now))
    if before is None:
        fail("Il n'y a pas de version précédente.")
    _order(store, before.version, now)


@app.command("list")
def list_(context: typer.Context) -> None:
    """List versions, what is in force, and what is planned."""
    settings = settings_of(context)
    store, now = PlanStore(settings.storage.plans_dir), centre_now(settings)
    present = _ask(lambda: store.wanted(now))
    table = Table("Version", "Publiée", "Empreinte", "Octets", "")
    table.add_row("0", "", "", "", "livrée avec le logiciel" + (" · EN VIGUEUR" if present is None else ""))
    for each in store.versions():
        current = present is not None and present.version == each.version
        surge = f", renfort {present.surge}" if current and present and present.surge else ""
        note = f"EN VIGUEUR{surge}" if current else ""
        table.add_row(str(each.version), _shown(each.published_at), each.digest[:12], str(each.octets), note)
    console.print(table)
    for order in _ask(lambda: store.planned(now)):
        surge = f", renfort {order.surge}" if order.surge else ""
        console.print(f"Prévu le {_shown(order.at)} : version {order.version}{surge}")


@app.command()
def diagram(
    context: typer.Context,
    script: Annotated[str, typer.Argument(help="A call flow; by default all.")] = "",
    file: MaybeFile = None,
    surge: Surge = "",
) -> None:
    """Draw the call flows as Mermaid text."""
    flows = _plan(settings_of(context), file, surge).flows
    names = [script] if script else list(flows.scripts)
    for name in names:
        if name not in flows.scripts:
            fail(f"Le parcours « {name} » n'existe pas ; il y a : {', '.join(flows.scripts)}")
        print(mermaid(flows, name))


@app.command("try")
def try_(
    context: typer.Context,
    line: Annotated[str, typer.Argument(help="The number dialled, such as 15.")],
    number: Annotated[str, typer.Option(help="The caller's number; empty: withheld.")] = "0612345678",
    at: At = "",
    file: MaybeFile = None,
    surge: Surge = "",
    state: Annotated[str, typer.Option(help="normal, saturé or crise.")] = "normal",
    keys: Annotated[
        str, typer.Option(help="What the caller does, separated by commas: 1, fin, temps. Without: asks.")
    ] = "",
) -> None:
    """Play a caller without a telephone: see each step and what would be heard."""
    settings = settings_of(context)
    plan = _plan(settings, file, surge)
    if state not in STATES:
        fail(f"État inconnu : écrivez un de {', '.join(STATES)}.")
    here = Circumstances(
        now=_instant(settings, at),
        line=line,
        number=e164(number) or None,
        state=plan.flows.state or CentreState(STATES[state]),
    )
    acts = [word.strip() for word in keys.split(",") if word.strip()]
    texts, asked = announcements(settings), not keys
    shown = 0
    while True:
        played = trial.play(plan.flows, here, acts, texts)
        _show(played, shown)
        shown = len(played.seen)
        if played.over or not asked:
            return
        acts.append(typer.prompt(f"  {' '.join(played.acts)}", prompt_suffix=" > "))


@surge_app.command("on")
def surge_on(context: typer.Context, name: Annotated[str, typer.Argument(help="The surge.")]) -> None:
    """Lay a surge over the plan in force."""
    settings = settings_of(context)
    store, version, reading = _in_force(settings)
    if name not in reading.surges:
        fail(f"Renfort inconnu. Prévus par le plan : {', '.join(reading.surges) or 'aucun'}.")
    _order(store, version, centre_now(settings), name)


@surge_app.command("off")
def surge_off(context: typer.Context) -> None:
    """Take the surge off."""
    settings = settings_of(context)
    store, version, _ = _in_force(settings)
    _order(store, version, centre_now(settings))


@surge_app.command("preview")
def surge_preview(context: typer.Context, name: Annotated[str, typer.Argument(help="The surge.")]) -> None:
    """Show what a surge changes of the plan in force."""
    _, _, reading = _in_force(settings_of(context))
    if name not in reading.surges:
        fail(f"Renfort inconnu. Prévus par le plan : {', '.join(reading.surges) or 'aucun'}.")
    console.print(escape(reading.surges[name]))
    _compare(reading.changes(name))


# --- within -------------------------------------------------------------------------------------------------


def _read(settings: Settings, text: bytes) -> Reading:
    usual = default_plan(settings.room.offer_seconds, settings.room.wrap_up_seconds).fallback
    return read_plan(text, announcements(settings), usual)


def _checked(settings: Settings, file: Path) -> Reading:
    reading = _read(settings, file.read_bytes())
    _tell(reading, str(file))
    if reading.errors:
        count = len(reading.errors)
        fail(f"{count} erreur{'s' if count > 1 else ''} : le plan n'est pas utilisable.")
    named = {
        sound
        for plan in reading.plans.values()
        for script in plan.flows.scripts.values()
        for step in script.steps.values()
        for sound in sounds_of(step)
    }
    if silent := missing(settings, frozenset(named)):
        remedy = "« make setup » les dit, ou enregistrez-les"
        console.print(f"[yellow]Annonces sans son : {', '.join(silent)}. {remedy}.[/yellow]", soft_wrap=True)
    return reading


def _tell(reading: Reading, source: str) -> None:
    for problem in reading.errors:
        console.print(f"[red]{escape(source)}, {escape(str(problem))}[/red]", highlight=False, soft_wrap=True)
    for problem in sorted(set(reading.problems.warnings)):
        console.print(
            f"[yellow]{escape(source)}, attention, {escape(str(problem))}[/yellow]",
            highlight=False,
            soft_wrap=True,
        )


def _version(settings: Settings, version: int) -> Reading:
    store = PlanStore(settings.storage.plans_dir)
    return _read(settings, _ask(lambda: store.text(version)))


def _in_force(settings: Settings) -> tuple[PlanStore, int, Reading]:
    store = PlanStore(settings.storage.plans_dir)
    present = _ask(lambda: store.wanted(centre_now(settings)))
    version = present.version if present is not None else 0
    return store, version, _version(settings, version)


def _plan(settings: Settings, file: Path | None, surge: str) -> CentrePlan:
    reading = _checked(settings, file) if file is not None else _in_force(settings)[2]
    if surge not in reading.plans:
        fail(f"Renfort inconnu. Prévus par le plan : {', '.join(reading.surges) or 'aucun'}.")
    return reading.plans[surge]


def _order(store: PlanStore, version: int, at: datetime, surge: str = "") -> None:
    store.order(PlanOrder(at=at, version=version, surge=surge, by=f"cli:{getpass.getuser()}"))
    extra = f", renfort {surge}" if surge else ""
    console.print(f"Version {version}{extra} en vigueur le {_shown(at)}.")


def _compare(changes: Iterable[Difference]) -> None:
    table = Table("Où", "Plan", "Renfort")
    for each in changes:
        table.add_row(escape(each.where), escape(each.before) or "—", escape(each.after) or "—")
    console.print(table)


def _show(played: trial.Trial, first: int) -> None:
    for seen in played.seen[first:]:
        console.print(f"[bold]{escape(seen.act)}[/bold]  {escape(' → '.join(seen.route))}", highlight=False)
        for heard in seen.heard:
            console.print(f"    « {escape(heard)} »", highlight=False, soft_wrap=True)
        if seen.result:
            console.print(f"  ⇒ {escape(seen.result)}", highlight=False, soft_wrap=True)


def _instant(settings: Settings, text: str) -> datetime:
    try:
        return trial.instant(text, centre_now(settings)).astimezone(UTC)
    except ValueError:
        fail("L'instant s'écrit 2026-12-24T18:00.")


def _shown(at: datetime) -> str:
    return at.astimezone(PARIS).strftime("%d/%m/%Y %H:%M:%S")


def _ask(work: Callable[[], T]) -> T:
    """Do something with the store; what it cannot do is told as one line."""
    try:
        return work()
    except PlanError as error:
        fail(str(error))
