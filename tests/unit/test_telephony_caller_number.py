"""Who calls: the numbering plan and the rules of withheld numbers, as tables."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.numbers import e164
from core.words import CallerNumber
from telephony.caller_number import described

pytestmark = pytest.mark.unit

ROBOT = "+33999999999"

NUMBERS = {
    # French, in each of its forms
    "0612345678": "+33612345678",
    "0140123456": "+33140123456",
    "+33612345678": "+33612345678",
    "33612345678": "+33612345678",
    "0033612345678": "+33612345678",
    "+330612345678": "+33612345678",
    "330612345678": "+33612345678",
    "00330612345678": "+33612345678",
    "612345678": "+33612345678",
    # overseas
    "0596123456": "+596596123456",
    "0696123456": "+596696123456",
    "0590123456": "+590590123456",
    "0690123456": "+590690123456",
    "0594123456": "+594594123456",
    "0694123456": "+594694123456",
    "0262123456": "+262262123456",
    "0692123456": "+262692123456",
    "0639123456": "+262639123456",
    "0269123456": "+262269123456",
    "0508123456": "+508508123456",
    "+33596123456": "+596596123456",
    "+596596123456": "+596596123456",
    "00596596123456": "+596596123456",
    # foreign
    "+4930123456": "+4930123456",
    "004930123456": "+4930123456",
    "4930123456": "+4930123456",
    "+12125550123": "+12125550123",
    "+352123456": "+352123456",
    # cannot be called back
    "15": None,
    "112": None,
    "118218": None,
    "0": None,
    "+": None,
    "+33": None,
    "+123456789012345678": None,
    "": None,
    "06+12345678": None,
}


@pytest.mark.parametrize("number", NUMBERS)
def test_numbers_are_normalised(number: str) -> None:
    assert e164(number) == NUMBERS[number]


@given(st.text(alphabet="+0123456789", max_size=40))
def test_what_is_told_is_e164(number: str) -> None:
    told = e164(number)
    if told is not None:
        assert told[0] == "+"
        assert told[1:].isdigit()
        assert 9 <= len(told) <= 16


@pytest.mark.parametrize(
    ("words", "number", "test"),
    [
        # number/presentation/privacy/from/mark
        ("0612345678/allowednotscreened//0612345678@127001/", "+33612345678", False),
        ("+33612345678/allowedpassedscreen/none/+33699999999@10/0", "+33612345678", False),
        ("0612345678/allowednotscreened//0612345678@/1", "+33612345678", True),
        ("0999999999/allowednotscreened//0999999999@/", ROBOT, True),
        ("15/allowednotscreened//15@/", None, False),
        # withheld, by each of the ways there are
        ("0612345678/prohibpassedscreen//0612345678@/", None, False),
        ("0612345678/unavailable//0612345678@/", None, False),
        ("0612345678/allowednotscreened/id/0612345678@/", None, False),
        ("0612345678/allowednotscreened/idcritical/0612345678@/", None, False),
        ("0612345678/allowednotscreened//@127001/", None, False),
        ("0612345678/allowednotscreened///", None, False),
        ("0999999999/allowednotscreened/id/0999999999@/", None, False),
        ("/allowednotscreened//0612345678@/1", None, True),
        # not what the dialplan writes
        ("", None, False),
        ("0612345678", None, False),
        ("0612345678/allowed//0612345678@/1/1", None, False),
    ],
)
def test_who_is_believed(words: str, number: str | None, test: bool) -> None:
    assert described(words, (ROBOT,)) == CallerNumber(e164=number, test=test)
