"""What INVITEs say of where callers are, as Asterisk passes it on: shapes, addresses, and hostile words."""

from datetime import UTC, datetime
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.location import Location
from core.words import CallerNumber
from telephony.ari_protocol import Channel
from telephony.geolocation import LONGEST, read
from telephony.translation import caller_of

pytestmark = pytest.mark.unit

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
CIRCLE = 'shape="Circle",crs="2d",pos="49.4431 1.0993",radius="25"'


def placed(words: str) -> Location | None:
    return read(quote(words), NOW)


# What a real Asterisk 22 made of the documents of RFC 5491's examples.
SHAPES = [
    (CIRCLE, (49.4431, 1.0993), 25),
    ('shape="Point",crs="2d",pos="49.4431 1.0993"', (49.4431, 1.0993), None),
    ('shape="Point",crs="3d",pos="49.4431 1.0993 34"', (49.4431, 1.0993), None),
    ('pos="49.4431 1.0993",radius="25"', (49.4431, 1.0993), 25),  # two shapes in one document
    (
        'shape="Ellipse",crs="2d",pos="42.5463 -73.2512",semiMajorAxis="1275",semiMinorAxis="670",'
        'orientation="43.2 degrees"',
        (42.5463, -73.2512),
        1275,
    ),
    (
        'shape="ArcBand",crs="2d",pos="-43.5723 153.21760",innerRadius="3594",outerRadius="4148",'
        'startAngle="20 degrees",openingAngle="20 degrees"',
        (-43.5422, 153.2416),
        752,
    ),
    (
        'shape="ArcBand",crs="2d",pos="-43.5723 153.21760",innerRadius="3594",outerRadius="4148",'
        'startAngle="0.349066 radians",openingAngle="0.349066 radians"',
        (-43.5422, 153.2416),
        752,
    ),
    (
        'shape="ArcBand",crs="2d",pos="49 1",innerRadius="0",outerRadius="900",startAngle="0",'
        'openingAngle="360"',
        (49, 1),
        900,
    ),
    (
        'shape="Polygon",crs="2d",pos="43.311 -73.422",pos="43.111 -73.322",pos="43.111 -73.222",'
        'pos="43.311 -73.422"',
        (43.211, -73.322),
        13763,
    ),
    (
        'shape="Polygon",crs="2d",posList="43.311 -73.422 43.111 -73.322 43.111 -73.222 43.311 -73.422"',
        (43.211, -73.322),
        13763,
    ),
]


@pytest.mark.parametrize(("words", "point", "radius"), SHAPES)
def test_a_shape_is_a_point_and_what_covers_it(
    words: str, point: tuple[float, float], radius: float | None
) -> None:
    location = placed(words)

    assert location is not None
    assert location.point == pytest.approx(point, abs=5e-5)
    assert location.radius_m == (None if radius is None else pytest.approx(radius, abs=1))
    assert location.at == NOW


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (
            'lang="fr",country="FR",A1="Normandie",A3="Rouen",RD="Jeanne-d\'Arc & "co", été",HNO="12",'
            'PC="76000",FLR="3"',
            'étage 3, 12 Jeanne-d\'Arc & "co", été, 76000 Rouen',
        ),
        ('NAM="Gare",A6="rue Verte",HNO="4",HNS="bis",A3="Rouen"', "Gare, 4 bis rue Verte, Rouen"),
        ('A3="  Rou\x00en\n"', "Rouen"),
        ('A3="' + "é" * 200 + '"', "é" * 200),
    ],
)
def test_an_address_is_one_line(words: str, line: str) -> None:
    location = placed(words)
    assert location is not None
    assert (location.civic, location.point) == (line, None)


@pytest.mark.parametrize(
    "words",
    [
        "",
        "hello",
        'country="FR"',
        'shape="Circle",crs="unknown",pos="49 1",radius="25"',
        'shape="Circle",crs="2d",pos="91 1",radius="25"',
        'shape="Circle",crs="2d",pos="49",radius="25"',
        'shape="Circle",crs="2d",pos="nan inf",radius="25"',
        'shape="Circle",crs="2d",pos="1e1 2",radius="25"',
        'shape="Circle",crs="2d",pos="49 1",radius="-25"',
        'shape="Circle",crs="2d",pos="49 1",radius="99999999"',
        'shape="Polygon",crs="2d",pos="a b",pos="c d"',
        'URI="sip:somebody@operator"',
    ],
)
def test_what_does_not_fit_is_as_if_it_were_absent(words: str) -> None:
    assert placed(words) is None


@given(st.text(max_size=2 * LONGEST) | st.text(CIRCLE, max_size=300))
def test_no_words_do_anything_but_be_read_or_not(words: str) -> None:
    for text in (words, quote(words), quote(CIRCLE) + words):
        assert read(text, NOW) is None or isinstance(read(text, NOW), Location)


@given(
    st.floats(-80, 80), st.floats(-170, 170), st.integers(0, 5000), st.integers(1, 5000), st.integers(0, 359),
    st.integers(1, 179),
)  # fmt: skip
def test_an_arc_band_is_within_its_outer_circle(
    latitude: float, longitude: float, inner: int, width: int, begin: int, opening: int
) -> None:
    location = placed(
        f'shape="ArcBand",crs="2d",pos="{latitude:.5f} {longitude:.5f}",innerRadius="{inner}",'
        f'outerRadius="{inner + width}",startAngle="{begin}",openingAngle="{opening}"'
    )

    assert location is not None
    assert location.radius_m is not None
    assert width / 2 - 1 <= location.radius_m <= 2 * (inner + width) + 1


CHANNEL = Channel(id="FR751-asterisk-a-1.0", state="Ring", creationtime=NOW)
WHO = "+33612345678/allowed//33612345678@127001/"


@pytest.mark.parametrize(
    ("args", "waited", "placed_there"),
    [
        (("caller", "15", WHO), False, False),
        (("located", "15", WHO, quote(CIRCLE)), False, True),
        (("located", "15", WHO, ""), False, False),
        (("caller", "15", WHO, "waited"), True, False),
        (("caller", "15", WHO, "waited", ""), True, False),
        (("caller", "15", WHO, "waited", quote(CIRCLE)), True, True),
        (("neighbour", "15", WHO, "FR752", quote(CIRCLE)), False, False),
    ],
)
def test_by_which_roads_a_place_comes(args: tuple[str, ...], waited: bool, placed_there: bool) -> None:
    caller = caller_of(CHANNEL, args)

    assert caller is not None
    assert caller.caller == CallerNumber("+33612345678")
    assert caller.waited is waited
    assert (caller.location is not None) is placed_there
