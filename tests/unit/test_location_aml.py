"""AML messages, by SMS and by HTTPS: what is read and refused, and that nothing hostile does more."""

from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.location import Location, LocationSource
from location import aml_https, aml_sms
from location.aml import LONGEST, NotAml

pytestmark = pytest.mark.unit

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def version_1(**fields: str | None) -> str:
    """A message of version 1, with these fields changed, or left out (None), and its right length."""
    said = {
        "lt": "+51.53321",
        "lg": "-0.12601",
        "rd": "14",
        "top": "20220131171748",
        "lc": "68",
        "pm": "W",
        "si": "208201771948415",
        "ei": "353472104343540",
        "mcc": "208",
        "mnc": "20",
        **fields,
    }
    text = ";".join(['A"ML=1', *(f"{name}={value}" for name, value in said.items() if value is not None)])
    if "ml" in fields:
        return text
    length = len(text) + len(";ml=")
    length += 3 if length + 2 > 99 else 2
    return f"{text};ml={length}"


READ = [
    # Messages that were published as examples.
    (
        'A"ML=1;lt=48.82639;lg=-2.36619;rd=52;top=20191112112928;lc=68;pm=G;si=208201771948415;'
        "ei=353472104343540;mcc=208;mnc=20;ml=126",
        (48.82639, -2.36619, 52, 68, datetime(2019, 11, 12, 11, 29, 28, tzinfo=UTC)),
    ),
    (
        'A"ML=1;lt=+55.74297;lg=-4.26880;rd=10;top=20130717175329;lc=95;pm=G;si=234302543446355;'
        "ei=356708041746734;mcc=234;mnc=30;ml=127",
        (55.74297, -4.2688, 10, 95, datetime(2013, 7, 17, 17, 53, 29, tzinfo=UTC)),
    ),
    (
        'A"ML=2;en=+15555555555;et=1593187189;lo=-37.42175,-122.08461,2000.1;lt=-9999;lc=68;lz=-100.1,100.1;'
        "ls=G;ei=358239059042542;nc=310260;hc=310260;lg=en-US",
        (-37.42175, -122.08461, 2000.1, 68, datetime.fromtimestamp(1593187189 - 9999, UTC)),
    ),
    # Our own.
    (version_1(), (51.53321, -0.12601, 14, 68, datetime(2022, 1, 31, 17, 17, 48, tzinfo=UTC))),
    (version_1(rd="0"), (51.53321, -0.12601, None, 68, datetime(2022, 1, 31, 17, 17, 48, tzinfo=UTC))),
    (
        version_1(lc=None, zz="later"),
        (51.53321, -0.12601, 14, None, datetime(2022, 1, 31, 17, 17, 48, tzinfo=UTC)),
    ),
]


@pytest.mark.parametrize(("text", "expected"), READ)
def test_a_text_message_is_read(text: str, expected: tuple[object, ...]) -> None:
    location = aml_sms.read(text)

    assert location is not None
    assert location.source is LocationSource.AML_SMS
    read = (location.latitude, location.longitude, location.radius_m, location.confidence, location.at)
    assert read == expected


def test_a_data_message_is_unpacked_first() -> None:
    packed = (
        "QVGT2Yvt2PTe7OaiyWK32o597rViMpkLhqPZYjs5uSeD7ehveE8Gi9VgttgMFoPlaLgde9yz4Xbwdu+4m6d7OdzNVqPJZrFdOd2b1XC"
        "yWQ5Wy8FoshpNtmuPx71ZDLZru8c9mQ22a7N7MdkM"
    )

    location = aml_sms.read(aml_sms.unpacked(packed))

    assert location is not None
    assert location.point == (37.42175, -122.08461)
    with pytest.raises(NotAml):
        aml_sms.unpacked("no base64!")


@pytest.mark.parametrize("text", [version_1(lt="N", lg="N", rd="N", top="N", lc="0", pm="N"), 'A"ML=2;en=112'])
def test_a_handset_that_found_no_position_is_understood(text: str) -> None:
    assert aml_sms.read(text) is None


REFUSED = [
    "",
    "A",
    "Bonjour, c'est mamie",
    'A"ML=3;lt=1',
    'a"ml=1;lt=+51.5',
    version_1() + " ",
    version_1()[:-20],
    version_1().replace("51.53321", "51.5332"),  # the length no longer fits
    version_1(ml="9999"),
    version_1(ml="1x"),
    version_1(ml=""),
    *(version_1(**{name: None}) for name in ("lt", "lg", "rd", "top", "pm")),
    *(
        version_1(lt=value)
        for value in ("90.1", "-91", "nan", "inf", "1e1", "", "+", "٤٥", "0x10", "5,5", "--4")
    ),
    *(version_1(lg=value) for value in ("180.1", "-181", "1_0")),
    *(version_1(rd=value) for value in ("-1", "N", "99999999999", "30000000")),
    *(version_1(top=value) for value in ("20220231171748", "2022013117174", "20221331171748", "0" * 14)),
    *(version_1(lc=value) for value in ("-1", "101", "x")),
    *(version_1(pm=value) for value in ("", "X", "GW", "N")),
    *(version_1(ei=value) for value in ("'; DROP TABLE", "12\x00", "9" * 21)),
    version_1(lt="1\n2"),
    'A"ML=1;lt=1;lt=2',
    'A"ML=1;;;',
    'A"ML=2;et=99999999999999;lo=1,2,3',
    'A"ML=2;et=1593187189;lo=1,2',
    'A"ML=2;et=1593187189;lo=1,2,3,4',
    'A"ML=2;lo=1,2,3',
    "x" * 10_000,
]


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_wrong_is_refused(text: str) -> None:
    with pytest.raises(NotAml):
        aml_sms.read(text)


@given(
    st.text(max_size=600) | st.text('A"ML=12;ltgrdopcmsien+-.0123456789N', max_size=200).map('A"ML=1;'.__add__)
)
def test_no_text_does_anything_but_be_read_or_refused(text: str) -> None:
    try:
        location = aml_sms.read(text)
    except NotAml:
        return
    assert location is None or isinstance(location, Location)


@given(
    st.floats(-90, 90).map(lambda degrees: round(degrees, 5)),
    st.floats(-180, 180).map(lambda degrees: round(degrees, 5)),
    st.integers(1, 100_000),
)
def test_what_a_handset_writes_is_what_is_read(latitude: float, longitude: float, radius: int) -> None:
    location = aml_sms.read(version_1(lt=f"{latitude:+.5f}", lg=f"{longitude:+.5f}", rd=str(radius)))

    assert location is not None
    assert (location.latitude, location.longitude, location.radius_m) == (latitude, longitude, radius)


@given(st.integers(0, 200), st.characters(codec="ascii"))
def test_a_message_that_lost_or_gained_a_letter_is_refused(place: int, letter: str) -> None:
    whole = version_1()
    place %= len(whole)

    for changed in (whole[:place] + whole[place + 1 :], whole[:place] + letter + whole[place:]):
        with pytest.raises(NotAml):
            aml_sms.read(changed)


# --- HTTPS --------------------------------------------------------------------------------------------------

FORM = {
    "v": "1",
    "emergency_number": "112",
    "source": "CALL",
    "thunderbird_version": "2800",
    "time": "1795348800123",
    "location_latitude": "48.82639",
    "location_longitude": "-2.36619",
    "location_time": "1795348810000",
    "location_altitude": "35.5",
    "location_source": "wifi",
    "location_accuracy": "10.4",
    "location_confidence": "0.6827",
    "device_number": "+33612345678",
    "device_imei": "354773072099116",
}


def read_form(**fields: str) -> Location | None:
    return aml_https.read(aml_https.fields(urlencode({**FORM, **fields}).encode()), NOW)


def test_a_form_is_read() -> None:
    assert read_form() == Location(
        source=LocationSource.AML_HTTPS,
        at=datetime.fromtimestamp(1795348810, UTC),
        latitude=48.82639,
        longitude=-2.36619,
        radius_m=10.4,
        altitude_m=35.5,
        confidence=68,
    )
    assert aml_https.number(aml_https.fields(urlencode(FORM).encode())) == "+33612345678"


@pytest.mark.parametrize(
    ("fields", "name", "expected"),
    [
        ({"location_accuracy": ""}, "radius_m", None),
        ({"location_accuracy": "0"}, "radius_m", None),
        ({"location_accuracy": "beaucoup"}, "radius_m", None),
        ({"location_accuracy": "1e9"}, "radius_m", None),
        ({"location_altitude": "9999999"}, "altitude_m", None),
        ({"location_confidence": "", "location_certainty": "83"}, "confidence", 83),
        ({"location_confidence": "7"}, "confidence", None),
        ({"location_time": "hier"}, "at", datetime.fromtimestamp(1795348800.123, UTC)),
        ({"location_time": "", "time": "9" * 20}, "at", NOW),
    ],
)
def test_what_is_wrong_beside_the_point_is_as_if_it_were_absent(
    fields: dict[str, str], name: str, expected: object
) -> None:
    assert getattr(read_form(**fields), name) == expected


def test_a_form_without_a_point_has_no_position() -> None:
    assert read_form(location_latitude="", location_longitude="") is None
    assert aml_https.read(aml_https.fields(b""), NOW) is None


@pytest.mark.parametrize(
    "body",
    [
        b"v=1&v=2",
        b"\xff\xfe",
        b"v=%ff",
        b"no form",
        b"a=1&" * 200,
        b"a=" + b"x" * LONGEST,
        urlencode({**FORM, "location_latitude": "91"}).encode(),
        urlencode({**FORM, "location_latitude": "nan"}).encode(),
        urlencode({**FORM, "location_longitude": ""}).encode(),
    ],
)
def test_no_form_and_no_point_are_refused(body: bytes) -> None:
    with pytest.raises(NotAml):
        aml_https.read(aml_https.fields(body), NOW)


@given(st.binary(max_size=300))
def test_no_octets_do_anything_but_be_read_or_refused(body: bytes) -> None:
    try:
        form = aml_https.fields(b"location_latitude=1&location_longitude=2&" + body)
        assert isinstance(aml_https.read(form, NOW), Location)
    except NotAml:
        return


def test_a_signature_proves_the_sender() -> None:
    # Published with the format: the key is "AML".
    body = (
        b"v=1&device_number=%2B33611223344&location_latitude=0.85732&location_longitude=-4.26325"
        b"&location_time=1604912121000&location_accuracy=10.4&location_source=GPS&location_certainty=83"
        b"&hmac=f64c70eb238bb239e00e8ac8c023bf2b5d3c41dd"
    )

    assert aml_https.authentic(body, b"AML")
    assert not aml_https.authentic(body, b"another")
    assert not aml_https.authentic(body.replace(b"0.85732", b"1.85732"), b"AML")
    assert not aml_https.authentic(body.partition(b"&hmac=")[0], b"AML")
