"""PIDF-LO in the INVITE, through a real Asterisk: every shape, who is believed, and documents meant to hurt."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest

from core.location import Location, LocationSource
from core.switch import CallerArrived, CallerChannel, SwitchUp
from simulator.callers import Caller
from simulator.pidf_lo import circle, civic, document
from telephony.ami import ManagerLink
from tests.support.asterisk import TRUNK, CentreAsterisk, WatchedSwitch
from tests.support.waiting import until

pytestmark = pytest.mark.asterisk

BELIEVED, OTHER = "127.0.0.1", "127.0.0.2"
"""Addresses of two trunks."""
ROUEN = (49.4431, 1.0993)
SRS: Final = 'srsName="urn:ogc:def:crs:EPSG::4326"'
METRES: Final = 'uom="urn:ogc:def:uom:EPSG::9001"'
DEGREES: Final = 'uom="urn:ogc:def:uom:EPSG::9102"'

SHAPES: Final = {
    circle(*ROUEN, 25): (ROUEN, 25),
    f"<gml:Point {SRS}><gml:pos>49.4431 1.0993</gml:pos></gml:Point>": (ROUEN, None),
    f"<gs:Ellipse {SRS}><gml:pos>42.5463 -73.2512</gml:pos><gs:semiMajorAxis {METRES}>1275</gs:semiMajorAxis>"
    f"<gs:semiMinorAxis {METRES}>670</gs:semiMinorAxis><gs:orientation {DEGREES}>43.2</gs:orientation>"
    "</gs:Ellipse>": ((42.5463, -73.2512), 1275),
    f"<gml:Polygon {SRS}><gml:exterior><gml:LinearRing><gml:pos>43.311 -73.422</gml:pos>"
    "<gml:pos>43.111 -73.322</gml:pos><gml:pos>43.111 -73.222</gml:pos><gml:pos>43.311 -73.422</gml:pos>"
    "</gml:LinearRing></gml:exterior></gml:Polygon>": ((43.211, -73.322), 13763),
    f"<gs:ArcBand {SRS}><gml:pos>-43.5723 153.2176</gml:pos><gs:innerRadius {METRES}>3594</gs:innerRadius>"
    f"<gs:outerRadius {METRES}>4148</gs:outerRadius><gs:startAngle {DEGREES}>20</gs:startAngle>"
    f"<gs:openingAngle {DEGREES}>20</gs:openingAngle></gs:ArcBand>": ((-43.5422, 153.2416), 752),
    circle(*ROUEN, 25) + civic(A3="Rouen"): (ROUEN, 25),
}

_LAUGHS: Final = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 9))
HOSTILE: Final = {
    "nothing": "",
    "no XML": "hello, I am lost",
    "half a document": document(circle(*ROUEN, 25))[:400],
    "a billion laughs": document(civic(A3="&l8;")).replace(
        "<presence", f'<!DOCTYPE presence [<!ENTITY l0 "ha">{_LAUGHS}]><presence', 1
    ),
    "a file of ours": document(civic(A3="&file;")).replace(
        "<presence", '<!DOCTYPE presence [<!ENTITY file SYSTEM "file:///etc/passwd">]><presence', 1
    ),
    "thousands of levels": document("<a>" * 4000 + "</a>" * 4000),
    "sixty thousand corners": document(
        f"<gml:Polygon {SRS}>" + "<gml:pos>1 1</gml:pos>" * 2000 + "</gml:Polygon>"
    ),
    "an endless word": document(civic(A3="A" * 40_000)),
    "words of the dialplan": document(civic(A3="${SHELL(id)},:|\\&quot;)}${EXTEN}")),
    "another document": "<html><body>hello</body></html>",
    "numbers that are none": document(circle(*ROUEN, 25)).replace("49.4431", "nan"),
}


@pytest.fixture
async def asterisk(asterisk_root: Path | None, tmp_path: Path) -> AsyncIterator[CentreAsterisk]:
    """A centre that believes one of its trunks."""
    trunks = {"operator": [BELIEVED], "other": [OTHER]}
    async with CentreAsterisk(asterisk_root, tmp_path, trunks=trunks, located_trunks=("operator",)) as asterisk:
        yield asterisk


@pytest.fixture
async def switch(asterisk: CentreAsterisk) -> AsyncIterator[WatchedSwitch]:
    async with asterisk.switch() as switch:
        await switch.ready()
        yield switch


async def arrived(switch: WatchedSwitch, address: str = BELIEVED, **how: object) -> CallerChannel:
    """Place one call, and give what the core is told of it."""
    before = len(switch.all(CallerArrived))
    async with await Caller.open(TRUNK, address) as caller:
        caller.call("15", **how)  # type: ignore[arg-type]
        await until(lambda: len(switch.all(CallerArrived)) > before, "the caller arrived")
    return switch.all(CallerArrived)[-1].channel


def as_told(channel: CallerChannel) -> Location:
    assert channel.location is not None
    assert (channel.location.source, channel.location.at) == (LocationSource.PIDF_LO, channel.created_at)
    return channel.location


async def test_every_shape_is_a_point_and_a_radius(switch: WatchedSwitch) -> None:
    for shape, (point, radius) in SHAPES.items():
        location = as_told(await arrived(switch, pidf=document(shape)))
        assert location.point == pytest.approx(point, abs=5e-5)
        assert location.radius_m == (None if radius is None else pytest.approx(radius, abs=1))

    street = civic(country="FR", A3="Rouen", RD="rue Jeanne-d'Arc &amp; été", HNO="12", PC="76000", FLR="3")
    channel = await arrived(switch, pidf=document(street))
    assert as_told(channel).civic == "étage 3, 12 rue Jeanne-d'Arc & été, 76000 Rouen"
    assert channel.caller.e164 == "+33612345678"


async def test_only_a_trunk_that_is_named_is_believed(switch: WatchedSwitch) -> None:
    pidf = document(circle(*ROUEN, 25))
    assert (await arrived(switch, OTHER, pidf=pidf)).location is None
    assert (await arrived(switch, pidf=pidf)).location is not None


async def test_a_call_that_says_nothing_is_a_call_like_any_other(switch: WatchedSwitch) -> None:
    headers = [
        (),
        (("Geolocation", "<cid:nowhere@operator>"),),
        (("Geolocation", "<https://operator.example/where/1>"),),
        (("Geolocation", '" = "" | "${SHELL(id)}'),),
        (("Geolocation", "<" * 2000),),
    ]
    for each in headers:
        channel = await arrived(switch, headers=each)
        assert (channel.location, channel.line) == (None, "15")


async def test_documents_meant_to_hurt_cost_nobody_a_call(
    asterisk: CentreAsterisk, switch: WatchedSwitch
) -> None:
    for name, pidf in HOSTILE.items():
        channel = await arrived(switch, pidf=pidf or " ")
        told = channel.location.civic if channel.location else ""
        assert len(told) <= 200, name
        assert "root:" not in told, name
        assert "uid=" not in told, name

    location = as_told(await arrived(switch, pidf=document(circle(*ROUEN, 25))))
    assert location.radius_m == 25, "Asterisk reads on"
    logged = "".join(file.read_text(errors="replace") for file in asterisk.logs())
    assert "49.4431" not in logged
    assert "Rouen" not in logged


async def test_a_place_survives_the_absence_of_any_core(asterisk: CentreAsterisk) -> None:
    config = asterisk.config
    async with await Caller.open(TRUNK, BELIEVED) as caller:
        caller.call("15", number="+33612345678", pidf=document(circle(*ROUEN, 25)))
        await caller.answered()  # by the fallback
        async with (
            asterisk.switch() as switch,
            ManagerLink(port=config.ami_port, secret=config.secrets.ami, app=config.core_app) as manager,
        ):
            await until(lambda: manager.up, "the manager interface")
            (waiting,) = (await switch.next(SwitchUp)).truth.fallback
            await manager.take_back(waiting.channel_id)
            channel = (await switch.next(CallerArrived)).channel

    assert channel.waited
    assert as_told(channel).point == ROUEN
