"""What a frame of the desk's page asks for. Pure."""

from collections.abc import Callable

from core.accounts import Session
from core.commands import CallBack, CloseItem, DeskCommand, NoteItem, ReleaseItem, TakeItem
from core.errors import CommandRefused
from core.ids import ItemId
from core.words import ItemOutcome
from desk.policy import CHOSEN_OUTCOMES
from web.arguments import Args, text

Who = dict[str, object]


def _outcome(args: Args) -> ItemOutcome:
    outcome = ItemOutcome(text(args, "outcome"))
    if outcome not in CHOSEN_OUTCOMES:
        raise ValueError("outcome")
    return outcome


_COMMANDS: dict[str, tuple[frozenset[str], Callable[..., DeskCommand], Callable[[Args], Who]]] = {
    "take_item": (frozenset(), TakeItem, lambda a: {}),
    "release_item": (frozenset(), ReleaseItem, lambda a: {}),
    "call_back": (frozenset(), CallBack, lambda a: {}),
    "close_item": (frozenset({"outcome"}), CloseItem, lambda a: {"outcome": _outcome(a)}),
    "note_item": (frozenset({"text"}), NoteItem, lambda a: {"text": text(a, "text")}),
}


def to_command(session: Session, name: str, args: Args) -> DeskCommand:
    """The command a frame means, given by the agent of the session.

    Raises:
        CommandRefused: ``unknown_command`` or ``bad_arguments``.
    """
    if name not in _COMMANDS:
        raise CommandRefused("unknown_command")
    wanted, make, read = _COMMANDS[name]
    if args.keys() != wanted | {"itemId"}:
        raise CommandRefused("bad_arguments")
    agent = session.agent
    try:
        return make(
            position_id=session.position_id,
            agent_id=agent.agent_id,
            name=agent.name,
            role=agent.role,
            item_id=ItemId(text(args, "itemId")),
            **read(args),
        )
    except (TypeError, ValueError) as error:
        raise CommandRefused("bad_arguments") from error
