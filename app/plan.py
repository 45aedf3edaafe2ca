"""The centre's plan as a whole: each part read by its feature's own pure parser; its surges laid over it."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from acd.defaults import default_plan
from acd.model.rules import RoomPlan, RoomRule
from acd.reading import read_rooms
from app.plan_file import read_yaml
from core.plan import Difference, Node, Problem, Problems, Section, differences, merged
from ivr.reading import read_flows
from ivr.script import CallFlows

SHIPPED: Final = Path(__file__).resolve().parent.parent / "plans" / "centre.yaml"
"""The plan of a centre that has published none."""
_SURGES: Final = "renforts"


@dataclass(frozen=True, kw_only=True, slots=True)
class CentrePlan:
    """A plan ready for use: what each feature takes from it. ``surge``: the one laid over it, or empty."""

    digest: str
    surge: str
    title: str
    flows: CallFlows
    rooms: RoomPlan
    tree: Node


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of a plan's file. ``plans``, by surge (empty: none), is empty where there is an error."""

    digest: str
    plans: Mapping[str, CentrePlan]
    surges: Mapping[str, str]
    """Surges → their titles."""
    problems: Problems = field(default_factory=Problems)

    @property
    def errors(self) -> list[Problem]:
        """What keeps it from being used, in the order of the file."""
        return sorted(set(self.problems.errors))

    def changes(self, surge: str) -> list[Difference]:
        """What a surge changes of the plan.

        Raises:
            KeyError: there is no such surge.
        """
        return differences(self.plans[""].tree, self.plans[surge].tree)


def read_plan(text: bytes, announcements: Mapping[str, str], usual: RoomRule | None = None) -> Reading:
    """Read and check a plan, alone and under each of its surges; every error at once.

    Args:
        text: the YAML file.
        announcements: those that exist, with their texts.
        usual: what a room is where the plan does not say otherwise.
    """
    usual = usual or default_plan().fallback
    digest, problems = hashlib.sha256(text).hexdigest(), Problems()
    tree = read_yaml(text, problems)
    if tree is None or problems.errors:
        return Reading(digest, {}, {}, problems)
    root = Section(tree, "", problems)
    surges = {name: _surge(name, section) for name, section in root.named(_SURGES, required=False).items()}
    base = Node({k: n for k, n in _items(tree).items() if k != _SURGES}, tree.line)
    trees = {"": base} | {name: merged(base, change) for name, (_, change) in surges.items()}
    plans: dict[str, CentrePlan] = {}
    told = problems
    for name, whole in trees.items():
        found = Problems()
        plans[name] = _plan(digest, name, whole, announcements, usual, found)
        known = {(p.line, p.what) for p in told.errors + told.warnings}
        for problem in found.errors:
            if (problem.line, problem.what) not in known:
                told.errors.append(_under(name, problem))
        for problem in found.warnings:
            if (problem.line, problem.what) not in known:
                told.warnings.append(_under(name, problem))
    titles = {name: title for name, (title, _) in surges.items()}
    return Reading(digest, {} if problems.errors else plans, titles, problems)


def _plan(
    digest: str,
    surge: str,
    tree: Node,
    announcements: Mapping[str, str],
    usual: RoomRule,
    problems: Problems,
) -> CentrePlan:
    root = Section(tree, "", problems)
    title = root.text("titre", "")
    rooms = read_rooms(root, usual)
    levels = {queue: rule.front_office for queue, rule in rooms.rooms.items()}
    flows = read_flows(root, levels, announcements)
    root.close()
    return CentrePlan(digest=digest, surge=surge, title=title, flows=flows, rooms=rooms, tree=tree)


def _surge(name: str, section: Section) -> tuple[str, Node]:
    title = section.text("titre", name)
    change = section.section("remplace")
    if not name or len(name) > 30 or not name.replace("-", "").isalnum():
        section.error("ce nom de renfort ne convient pas", "Des lettres, chiffres et tirets, 30 au plus")
    section.close()
    return title, change.node if change is not None else Node({}, section.line)


def _under(surge: str, problem: Problem) -> Problem:
    if not surge:
        return problem
    return Problem(problem.line, f"renfort {surge} : {problem.where}", problem.what, problem.remedy)


def _items(node: Node) -> dict[str, Node]:
    return node.value if isinstance(node.value, dict) else {}
