"""From the YAML of a plan to nodes with lines. The text is hostile until read: sizes and depth are capped."""

from dataclasses import dataclass, field
from typing import Final

import yaml

from core.plan import Node, Problems

MOST_OCTETS: Final = 256 * 1024
MOST_NODES: Final = 20_000
MOST_DEPTH: Final = 12
MOST_SCALAR: Final = 2_000

_Loader: Final = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
"""The C parser where there is one: the same events, thirty times sooner. It gives every scalar as text."""


@dataclass(slots=True)
class _Open:
    """A mapping or list whose end has not come yet. ``key`` is the name read, while its value is awaited."""

    line: int
    mapping: bool
    items: dict[str, Node] = field(default_factory=dict)
    elements: list[Node] = field(default_factory=list)
    key: tuple[str, int] | None = None


def read_yaml(text: bytes, problems: Problems) -> Node | None:
    """Read one YAML document.

    Returns:
        its tree; ``None`` where it is not one, which ``problems`` then says.
    """
    if len(text) > MOST_OCTETS:
        problems.error(1, "", f"le fichier dépasse {MOST_OCTETS // 1024} Kio", "Retirez ce qui n'est pas utile")
        return None
    try:
        decoded = text.decode()
    except UnicodeDecodeError as error:
        line = text.count(b"\n", 0, error.start) + 1
        problems.error(line, "", "un caractère n'est pas en UTF-8", "Enregistrez le fichier en UTF-8")
        return None
    try:
        return _Reading(problems).read(decoded)
    except yaml.MarkedYAMLError as error:
        problems.error(
            _line_of(error),
            "",
            f"ce n'est pas du YAML ({error.problem or error.context})",
            "Vérifiez les retraits, les « : » et les guillemets de cette ligne et de la précédente",
        )
    except yaml.YAMLError as error:
        line = decoded.count("\n", 0, getattr(error, "position", 0)) + 1
        problems.error(line, "", "un caractère n'est pas permis", "Retirez les caractères invisibles")
    return None


def _line_of(error: yaml.MarkedYAMLError) -> int:
    """Where the slip is: what was never closed is shown where it began, not at the end of the file."""
    unclosed = any(word in (error.problem or "") for word in ("end of", "','", "':'", "node content"))
    first, second = error.problem_mark, error.context_mark
    mark = (second or first) if unclosed else (first or second)
    return mark.line + 1 if mark else 1


class _TooMuch(Exception):
    """A cap is reached: what, and where."""

    def __init__(self, line: int, what: str) -> None:
        super().__init__(what)
        self.line = line
        self.what = what


class _Reading:
    """Builds the tree from the parser's events, without recursion."""

    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        self._stack: list[_Open] = []
        self._root: Node | None = None
        self._nodes = 0

    def read(self, text: str) -> Node | None:
        try:
            for event in yaml.parse(text, Loader=_Loader):
                self._take(event, event.start_mark.line + 1 if event.start_mark else 1)
        except _TooMuch as cap:
            self._problems.error(cap.line, "", cap.what, "Simplifiez le plan, ou partagez-le en parcours")
            return None
        if self._root is None:
            self._problems.error(1, "", "le fichier est vide", "Partez de plans/centre.yaml")
        return self._root

    def _take(self, event: yaml.Event, line: int) -> None:
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            self._problems.error(line, "", "les renvois (& et *) ne sont pas acceptés", "Écrivez la valeur ici")
            if isinstance(event, yaml.AliasEvent):
                self._put(Node("", line))
        if isinstance(event, yaml.ScalarEvent):
            if len(event.value) > MOST_SCALAR:
                raise _TooMuch(line, f"un texte dépasse {MOST_SCALAR} caractères")
            self._scalar(event.value, line)
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            if len(self._stack) >= MOST_DEPTH:
                raise _TooMuch(line, f"plus de {MOST_DEPTH} niveaux de retrait")
            self._stack.append(_Open(self._line_for(line), isinstance(event, yaml.MappingStartEvent)))
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            done = self._stack.pop()
            self._put(Node(done.items if done.mapping else tuple(done.elements), done.line))

    def _line_for(self, line: int) -> int:
        """A value under a name is found by the name's line."""
        parent = self._stack[-1] if self._stack else None
        return parent.key[1] if parent is not None and parent.key is not None else line

    def _scalar(self, text: str, line: int) -> None:
        parent = self._stack[-1] if self._stack else None
        if parent is not None and parent.mapping and parent.key is None:
            if text in parent.items:
                self._problems.error(
                    line, text, "ce nom est écrit deux fois", "Gardez une seule des deux lignes"
                )
            parent.key = (text, line)
            return
        self._put(Node(text, self._line_for(line)))

    def _put(self, node: Node) -> None:
        self._nodes += 1
        if self._nodes > MOST_NODES:
            raise _TooMuch(node.line, f"plus de {MOST_NODES} valeurs")
        if not self._stack:
            if self._root is None:
                self._root = node
            else:
                self._problems.error(node.line, "", "un second document commence", "Retirez les lignes « --- »")
            return
        parent = self._stack[-1]
        if not parent.mapping:
            parent.elements.append(node)
        elif parent.key is None:
            self._problems.error(node.line, "", "un nom doit être un texte", "Écrivez « nom : valeur »")
            parent.key = ("", node.line)
        else:
            parent.items[parent.key[0]] = node
            parent.key = None
