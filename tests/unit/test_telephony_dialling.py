"""Mode secours may call the numbers that the core may, and no other: the same rules, read twice."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.numbers import NumberRefused, NumberRules, dialled
from telephony.dialling import TransferRules, patterns

pytestmark = pytest.mark.unit

SHORT = ("15", "18", "112")
PREFIXES = ("+33", "+262", "+331")
REFUSED = ("+3389", "+262939", "+2629")

RULES = TransferRules(short_numbers=SHORT, prefixes=PREFIXES, refused_prefixes=REFUSED)
CORE = NumberRules(trunk=True, short_numbers=frozenset(SHORT), prefixes=PREFIXES, refused_prefixes=REFUSED)


def matches(rules: TransferRules, number: str) -> bool:
    """What Asterisk does with the patterns: X is one digit, everything else is itself."""
    return any(
        re.fullmatch(re.escape(p.removeprefix("_")).replace("X", "[0-9]"), number) for p in patterns(rules)
    )


@pytest.mark.parametrize(
    ("number", "allowed"),
    [
        ("15", True),
        ("112", True),
        ("17", False),
        ("+33612345678", True),
        ("+33899123456", False),
        ("+33891", False),
        ("+262262123456", True),
        ("+262912345678", False),
        ("+4479460018", False),
        ("0612345678", False),
        ("+33612345678&PJSIP", False),
        ("+33612345678@host", False),
        ("+3361234567812345", False),
        ("+336", False),
        ("s", False),
        ("", False),
    ],
)
def test_only_permitted_numbers_exist(number: str, allowed: bool) -> None:
    assert matches(RULES, number) is allowed


@given(st.from_regex(r"\+(33|262|331|44)[1-9]?[0-9]{4,12}", fullmatch=True))
def test_the_dialplan_never_lets_through_what_the_core_refuses(number: str) -> None:
    try:
        core = dialled(number, CORE) == number
    except NumberRefused:
        core = False
    written_otherwise = re.fullmatch(r"\+33(0.*|[1-9][0-9]{8})", number)  # the core first reads 0262… as +262…
    if core:
        assert matches(RULES, number)
    elif not written_otherwise:
        assert not matches(RULES, number)


def test_without_rules_nobody_can_be_called() -> None:
    assert patterns(TransferRules()) == []
