"""Reading a centre's plan, part by part: what the file holds, with its lines, and everything wrong with it.

The file is read once (``app/plan_file.py``) into :class:`Node`; each feature's pure parser gets the
:class:`Section` of its part, takes what it knows by typed questions, and never stops at the first error: every
problem is noted with its line, what is wrong, and the remedy, in French, for whoever writes the plan.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TypeAlias, TypeVar

T = TypeVar("T")

Tree: TypeAlias = "str | tuple[Node, ...] | dict[str, Node]"

_REQUIRED = "\0"
_YES_NO = {"oui": True, "non": False}


@dataclass(frozen=True, slots=True)
class Node:
    """A value of the file and its line, from 1. Every scalar is text: ``15`` is never taken for a number."""

    value: Tree
    line: int


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong with a plan: where, what, and what to do about it."""

    line: int
    where: str
    what: str
    remedy: str

    def __str__(self) -> str:
        where = f" ({self.where})" if self.where else ""
        return f"ligne {self.line}{where} : {self.what}. {self.remedy}."


@dataclass(slots=True)
class Problems:
    """All that is wrong with a plan. ``warnings`` do not keep it from being used."""

    errors: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)

    def error(self, line: int, where: str, what: str, remedy: str) -> None:
        """Note what makes the plan unusable."""
        self.errors.append(Problem(line, where, what, remedy))

    def warn(self, line: int, where: str, what: str, remedy: str) -> None:
        """Note what is likely not meant."""
        self.warnings.append(Problem(line, where, what, remedy))


class Section:
    """One mapping of the plan. A wrong or missing value is noted, and a harmless one returned in its place."""

    def __init__(self, node: Node, where: str, problems: Problems) -> None:
        self.node = node
        self.line = node.line
        self.where = where
        self.problems = problems
        self._items: dict[str, Node] = node.value if isinstance(node.value, dict) else {}
        self._asked: set[str] = set()
        if not isinstance(node.value, dict):
            self.error("il faut ici des lignes « nom : valeur »", "Ajoutez-les, en retrait, sous ce nom")

    # --- what is there ----------------------------------------------------------------------------------

    def __contains__(self, key: object) -> bool:
        return key in self._items

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def line_of(self, key: str) -> int:
        """Line of a value, or of the section where it is missing."""
        node = self._items.get(key)
        return node.line if node is not None else self.line

    def error(self, what: str, remedy: str, key: str = "") -> None:
        """Note what is wrong with the section, or with one of its values."""
        where = f"{self.where} › {key}" if key and self.where else key or self.where
        self.problems.error(self.line_of(key), where, what, remedy)

    def warn(self, what: str, remedy: str, key: str = "") -> None:
        """Note what is likely not meant."""
        where = f"{self.where} › {key}" if key and self.where else key or self.where
        self.problems.warn(self.line_of(key), where, what, remedy)

    def close(self) -> None:
        """Note every name that nobody asked for: a slip of the pen must not be passed over."""
        for key in self._items:
            if key not in self._asked:
                near = get_close_matches(key, self._asked, 1)
                hint = f"Vouliez-vous dire « {near[0]} »" if near else f"Noms connus : {_listed(self._asked)}"
                self.error("nom inconnu", hint, key)

    # --- scalars ----------------------------------------------------------------------------------------

    def text(self, key: str, default: str = _REQUIRED, *, pattern: str = "", what: str = "") -> str:
        """A text.

        Args:
            key: its name.
            default: where absent; by default it is required.
            pattern: a regular expression that all of it must match.
            what: how to write it, for the remedy.
        """
        node = self._ask(key, default is _REQUIRED)
        if node is None:
            return "" if default is _REQUIRED else default
        if not isinstance(node.value, str):
            self.error("il faut une seule valeur", f"Écrivez « {key}: valeur » sur une ligne", key)
        elif not node.value:
            self.error("la valeur est vide", what or "Écrivez-la, ou retirez la ligne", key)
        elif pattern and not re.fullmatch(pattern, node.value):
            self.error(f"« {node.value[:60]} » ne convient pas", what or "Corrigez la valeur", key)
        else:
            return node.value
        return "" if default is _REQUIRED else default

    def number(
        self, key: str, default: float | None = None, *, least: float = 0, most: float = 86_400, unit: str = ""
    ) -> float:
        """A number between two bounds; required where there is no default. A comma or a point for decimals."""
        text = self.text(key, _REQUIRED if default is None else str(default))
        fallback = least if default is None else default
        if not text:
            return fallback
        try:
            value = float(text.replace(",", "."))
        except ValueError:
            value = float("nan")
        if not least <= value <= most:
            bounds = f"un nombre de {least:g} à {most:g}{f' {unit}' if unit else ''}"
            self.error(f"« {text[:60]} » ne convient pas", f"Écrivez {bounds}", key)
            return fallback
        return value

    def integer(
        self, key: str, default: int | None = None, *, least: int = 0, most: int = 10_000, unit: str = ""
    ) -> int:
        """A whole number between two bounds; required where there is no default."""
        value = self.number(key, default, least=least, most=most, unit=unit)
        if value != int(value):
            self.error(f"« {value:g} » n'est pas un nombre entier", "Écrivez un nombre entier", key)
        return int(value)

    def flag(self, key: str, default: bool) -> bool:
        """``oui`` or ``non``."""
        return self.choice(key, _YES_NO, default)

    def choice(self, key: str, options: Mapping[str, T], default: T | None = None) -> T:
        """One of some words, each standing for a value; required where there is no default."""
        first = next(iter(options.values())) if default is None else default
        text = self.text(key, _REQUIRED if default is None else "")
        if not text:
            return first
        if text not in options:
            near = get_close_matches(text, options, 1)
            hint = f"Vouliez-vous dire « {near[0]} »" if near else f"Écrivez un de : {_listed(options)}"
            self.error(f"« {text[:60]} » n'est pas connu", hint, key)
            return first
        return options[text]

    def texts(self, key: str, default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        """A list of texts, or one text alone; required where there is no default."""
        node = self._ask(key, default is None)
        if node is None:
            return default or ()
        if isinstance(node.value, str):
            return (self.text(key),)
        if isinstance(node.value, tuple) and all(isinstance(item.value, str) for item in node.value):
            return tuple(str(item.value) for item in node.value)
        self.error("il faut une liste de textes", "Écrivez « [un, deux] », ou un par ligne après « - »", key)
        return default or ()

    # --- sections within --------------------------------------------------------------------------------

    def section(self, key: str, *, required: bool = True) -> "Section | None":
        """A section within; ``None`` where there is none."""
        node = self._ask(key, required)
        return None if node is None else self._within(key, node)

    def named(self, key: str, *, required: bool = True) -> dict[str, "Section"]:
        """A section whose every value is a section, such as all the rooms by their names."""
        group = self.section(key, required=required)
        return {} if group is None else {name: s for name in group if (s := group.section(name)) is not None}

    def listed(self, key: str, *, required: bool = True) -> list["Section"]:
        """A list of sections (each after a ``-``)."""
        node = self._ask(key, required)
        if node is None:
            return []
        if not isinstance(node.value, tuple):
            self.error("il faut une liste", "Écrivez chaque élément après « - »", key)
            return []
        return [self._within(f"{key} {place}", item) for place, item in enumerate(node.value, 1)]

    def _within(self, key: str, node: Node) -> "Section":
        return Section(node, f"{self.where} › {key}" if self.where else key, self.problems)

    def _ask(self, key: str, required: bool) -> Node | None:
        self._asked.add(key)
        node = self._items.get(key)
        if node is None and required:
            self.error(f"« {key} » manque", f"Ajoutez une ligne « {key}: … » ici")
        return node


def merged(base: Node, change: Node) -> Node:
    """A plan with a change laid over it: mappings name by name, the rest replaced; an empty value removes."""
    if not isinstance(base.value, dict) or not isinstance(change.value, dict):
        return change
    items = dict(base.value)
    for key, node in change.value.items():
        if node.value == "":
            items.pop(key, None)
        else:
            items[key] = merged(items[key], node) if key in items else node
    return Node(items, base.line)


@dataclass(frozen=True, slots=True)
class Difference:
    """One value that a change alters. An absent value is an empty text."""

    where: str
    before: str
    after: str


def differences(before: Node | None, after: Node | None, where: str = "") -> list[Difference]:
    """What differs between two plans, value by value, in the order of the file."""
    if before is not None and after is not None and before.value == after.value:
        return []
    left = before.value if before is not None else ""
    right = after.value if after is not None else ""
    if isinstance(left, dict) and isinstance(right, dict):
        keys = [*left, *(key for key in right if key not in left)]
        found = []
        for key in keys:
            found += differences(left.get(key), right.get(key), f"{where} › {key}" if where else key)
        return found
    if written(before) == written(after):
        return []
    return [Difference(where, written(before), written(after))]


def written(node: Node | None) -> str:
    """A value as one line."""
    if node is None:
        return ""
    if isinstance(node.value, str):
        return node.value
    if isinstance(node.value, tuple):
        return f"[{', '.join(written(item) for item in node.value)}]"
    return "{" + ", ".join(f"{key}: {written(item)}" for key, item in node.value.items()) + "}"


def _listed(words: Iterable[str]) -> str:
    return ", ".join(sorted(words)) or "aucun"
