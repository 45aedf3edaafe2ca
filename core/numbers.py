"""The numbering plan, as far as the centre needs it: a table and a few rules. Pure."""

import re
from collections.abc import Iterable
from typing import Final

_OVERSEAS: Final = {
    **dict.fromkeys(("0262", "0263", "0269", "0639", "0692", "0693"), "262"),
    **dict.fromkeys(("0508", "0708"), "508"),
    **dict.fromkeys(("0590", "0690", "0691"), "590"),
    **dict.fromkeys(("0594", "0694"), "594"),
    **dict.fromkeys(("0596", "0696", "0697"), "596"),
}
"""Departments and collectivities with a country code of their own, by how their national numbers begin."""

_NATIONAL: Final = re.compile(r"(?:(?:\+|00)?33)?0?([1-9][0-9]{8})")
"""A French number in any of its forms: 0612345678, 612345678, and with 33, +33 or 0033 before either."""
_FOREIGN: Final = re.compile(r"(?:\+|00)([1-9][0-9]{7,14})|([1-9][0-9]{9,14})")
"""After + or 00, or a bare country code (some operators send E.164 without its +); 8 to 15 digits."""


def e164(number: str) -> str | None:
    """Write a number as E.164; ``None`` where it cannot be called back (short codes such as 15, rubbish)."""
    if national := _NATIONAL.fullmatch(number):
        code = _OVERSEAS.get(f"0{national[1][:3]}", "33")
        return f"+{code}{national[1]}"
    if foreign := _FOREIGN.fullmatch(number):
        return f"+{foreign[1] or foreign[2]}"
    return None


_BETWEEN: Final = re.compile(r"[\s.\-()/]+")
"""What people write between digits."""


def bare(written: str) -> str:
    """A number without what people write between its digits: ``01 99-00 (12) 34`` is ``0199001234``."""
    return _BETWEEN.sub("", written)


def within(number: str, prefixes: Iterable[str], refused: Iterable[str]) -> bool:
    """Whether a number of E.164 begins by one of the prefixes, and by none of the refused ones."""
    return number.startswith(tuple(prefixes)) and not number.startswith(tuple(refused))
