"""Reading the arguments of a screen's command: of the right kind, or refused."""

from collections.abc import Mapping

from web.live import ArgValue

Args = Mapping[str, ArgValue]


def text(args: Args, name: str) -> str:
    """A text. Raises TypeError where it is something else."""
    value = args[name]
    if not isinstance(value, str):
        raise TypeError(name)
    return value


def flag(args: Args, name: str) -> bool:
    """True or false. Raises TypeError where it is something else."""
    value = args[name]
    if not isinstance(value, bool):
        raise TypeError(name)
    return value


def integer(args: Args, name: str) -> int:
    """A whole number. Raises TypeError where it is something else, true and false included."""
    value = args[name]
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(name)
    return value
