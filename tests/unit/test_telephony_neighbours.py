"""What centres tell each other of a call: written, read back, and refused where it does not fit."""

from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import SwitchRefused
from core.ids import CallId, CentreId, ChannelId, QueueId
from core.location import Location, LocationSource
from core.switch import Entrusted
from core.words import CallerNumber, CallTag, FrontOffice, Origin, Priority
from telephony.neighbours import LONGEST, NotEntrusted, described, entrusted, made, read

pytestmark = pytest.mark.unit

CALL = CallId("FR751-asterisk-a-1795310037.0")
ORIGIN = Origin(
    path=(CentreId("FR751"),),
    flow="15",
    queue=QueueId("15"),
    priority=Priority.UV,
    front_office=FrontOffice.FO1,
    since=datetime(2026, 11, 22, 1, 2, 3, 456000, UTC),
    skills=("pédiatrie", "c++"),
    tags=(CallTag.OPEN_LINE, CallTag.REPEAT),
)
HARMLESS = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789%&=+._~-")


def call(origin: Origin = ORIGIN, number: str | None = "+33612345678", line: str = "15") -> Entrusted:
    return Entrusted(call_id=CALL, line=line, caller=CallerNumber(number), origin=origin)


centres = st.from_regex(r"FR[0-9][0-9AB]{2}", fullmatch=True).map(CentreId)
names = st.from_regex(r"[A-Za-z0-9]{1,10}", fullmatch=True)
points = st.tuples(st.floats(-90, 90), st.floats(-180, 180), st.floats(0, 1e6))
locations = st.builds(
    lambda point, civic, **said: Location(
        latitude=round(point[0], 5) or 0.0,
        longitude=round(point[1], 5) or 0.0,
        radius_m=round(point[2]),
        civic=civic,
        **said,
    ),
    points,
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=60),
    source=st.sampled_from(LocationSource),
    at=st.integers(1_700_000_000, 4_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
)
skills = st.text(min_size=1, max_size=20).filter(lambda word: not any(c.isspace() or c == "," for c in word))


@given(
    st.builds(
        Origin,
        path=st.just((CentreId("FR751"),)),
        flow=names,
        queue=names.map(QueueId),
        priority=st.sampled_from(Priority),
        front_office=st.sampled_from(FrontOffice),
        since=st.datetimes(datetime(2026, 1, 1), datetime(2100, 1, 1)).map(  # noqa: DTZ001 - made aware below
            lambda at: at.replace(microsecond=at.microsecond // 1000 * 1000, tzinfo=UTC)
        ),
        skills=st.lists(skills.filter(lambda s: s.isprintable()), max_size=8).map(tuple),
        tags=st.sets(st.sampled_from(CallTag)).map(sorted).map(tuple),
        location=st.none() | locations,
    )
)
def test_what_is_written_is_read_back_and_harmless_to_the_dialplan(origin: Origin) -> None:
    text = described(call(origin))
    assert set(text) <= HARMLESS
    if len(text) <= LONGEST:
        call_id, found = read(text, "FR751")
        assert (call_id, replace(found, location=None)) == (CALL, replace(origin, location=None))
        if len(text) <= LONGEST - 700:  # nothing had to be left out
            assert found.location == origin.location


def changed(**words: str | None) -> str:
    """A good header with words replaced, added (by a new name) or left out."""
    pairs = [(key, value) for key, value in parse_qsl(described(call())) if key not in words]
    return urlencode(pairs + [(key, value) for key, value in words.items() if value is not None])


HOSTILE = {
    "nothing": "",
    "no query": "hello",
    "half a word": described(call()) + "&x",
    "too long": described(call()) + "&skill=" + "a" * LONGEST,
    "too many words": described(call()) + "&tag=x" * 40,
    "another format": changed(v="2"),
    "no call": changed(call=None),
    "said twice": described(call()) + f"&call={CALL}",
    "a call of nobody's": changed(call="hello"),
    "a path of files": changed(call="FR751-../../etc/passwd"),
    "not its owner's call": changed(call="FR752-asterisk-a-1795310037.0"),
    "a call id too long": changed(call="FR751-" + "1" * 60),
    "no path": changed(path=""),
    "not the sender": changed(path="FR752", call="FR752-asterisk-a-1.0"),
    "another before the sender": changed(path="FR751.FR752"),
    "a loop": changed(path="FR751.FR752.FR751"),
    "no centre": changed(path="FR751.x.FR751"),
    "a room that is none": changed(room="15,x"),
    "a flow too long": changed(flow="a" * 11),
    "no priority": changed(priority="P9"),
    "no level": changed(level="F03"),
    "no instant": changed(since="yesterday"),
    "an endless instant": changed(since="9" * 30),
    "a skill with a space": changed(skill="a b"),
    "bad UTF-8": changed(skill=None) + "&skill=%ff%fe",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_what_does_not_fit_is_as_if_it_were_absent(text: str) -> None:
    with pytest.raises(NotEntrusted):
        read(text, "FR751")
    assert entrusted(("neighbour", "15", "", "FR751", text)) is None


@given(st.text(max_size=1100))
def test_rubbish_is_refused_with_the_one_error(text: str) -> None:
    with pytest.raises(NotEntrusted):
        read(text, "FR751")


def test_unknown_tags_are_passed_over_and_a_longer_path_is_its_senders() -> None:
    text = changed(path="FR751.FR752", tag="of_tomorrow")
    _, origin = read(text, "FR752")
    assert (origin.owner, origin.sender, origin.tags) == ("FR751", "FR752", ())


@pytest.mark.parametrize(
    "place",
    [
        "",
        "aml_https",
        "aml_https,1795310037,49.4,1.1",
        "aml_https,1795310037,91,1.1,25",
        "aml_https,1795310037,49.4,,25",
        "aml_https,1795310037,nan,inf,25",
        "aml_https,hier,49.4,1.1,25",
        "a friend,1795310037,49.4,1.1,25",
        "aml_https,1795310037,49.4,1.1,-25",
        "pidf_lo,1795310037,,,",
    ],
)
def test_a_place_that_does_not_fit_costs_the_call_nothing(place: str) -> None:
    call_id, origin = read(changed(place=place), "FR751")
    assert (call_id, origin.location) == (CALL, None)


def test_an_address_alone_is_told_and_an_address_too_long_is_left_out() -> None:
    at = datetime(2026, 11, 22, 1, 2, tzinfo=UTC)
    street = Location(source=LocationSource.PIDF_LO, at=at, civic="12 rue Jeanne-d'Arc, 76000 Rouen")
    assert read(described(call(replace(ORIGIN, location=street))), "FR751")[1].location == street

    endless = replace(street, latitude=49.4, longitude=1.1, civic="é" * 200)
    text = described(call(replace(ORIGIN, location=endless)))
    assert len(text) <= LONGEST
    assert read(text, "FR751")[1].location == replace(endless, civic="")


def test_it_is_believed_on_a_neighbours_trunk_alone() -> None:
    text = described(call())
    found = entrusted(("neighbour", "15", "0612345678/allowed//0612345678@/", "FR751", text))
    assert found == (CALL, ORIGIN)
    assert entrusted(("neighbour", "15", "", "FR752", text)) is None
    assert entrusted(("caller", "15", "", "FR751", text)) is None


class CallMadeTests:
    def variables(self, told: Entrusted) -> dict[str, object]:
        body = made("core-a", ChannelId("c.1"), CentreId("FR752"), told).body
        assert body is not None
        found = body["variables"]
        assert isinstance(found, dict)
        return found

    def test_it_goes_by_the_neighbours_trunk_with_the_callers_number(self) -> None:
        request = made("core-a", ChannelId("c.1"), CentreId("FR752"), call())
        assert "endpoint=PJSIP%2F15%40neighbour-FR752" in request.uri
        assert self.variables(call())["CONNECTEDLINE(num,i)"] == "+33612345678"

    def test_a_hidden_caller_stays_hidden(self) -> None:
        variables = self.variables(call(number=None))
        assert variables["CONNECTEDLINE(num-pres,i)"] == "prohib"
        assert "CONNECTEDLINE(num,i)" not in variables

    def test_a_test_call_stays_one(self) -> None:
        told = Entrusted(call_id=CALL, line="15", caller=CallerNumber(None, test=True), origin=ORIGIN)
        assert self.variables(told)["PJSIP_HEADER(add,X-Bandeau-Test)"] == "1"

    @pytest.mark.parametrize(
        ("centre", "line"), [("FR752@evil", "15"), ("", "15"), ("FR752", "15@evil"), ("FR752", "")]
    )
    def test_nothing_else_can_be_dialled(self, centre: str, line: str) -> None:
        with pytest.raises(SwitchRefused):
            made("core-a", ChannelId("c.1"), CentreId(centre), call(line=line))
