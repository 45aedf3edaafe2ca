"""Where a robot caller says it is, within its INVITE: a PIDF-LO document (RFC 4119, RFC 5491, RFC 6442)."""

from dataclasses import replace
from typing import Final

from simulator.sip_message import Request

_BOUNDARY: Final = "bandeau15-parts"
_CID: Final = "where@simulator.bandeau15"

_DOCUMENT: Final = """<?xml version="1.0" encoding="UTF-8"?>
<presence xmlns="urn:ietf:params:xml:ns:pidf"
 xmlns:gp="urn:ietf:params:xml:ns:pidf:geopriv10"
 xmlns:gml="http://www.opengis.net/gml"
 xmlns:gs="http://www.opengis.net/pidflo/1.0"
 xmlns:ca="urn:ietf:params:xml:ns:pidf:geopriv10:civicAddr"
 xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model"
 entity="pres:caller@simulator.bandeau15">
<dm:device id="handset"><gp:geopriv><gp:location-info>{shape}</gp:location-info><gp:usage-rules/>
<gp:method>GPS</gp:method></gp:geopriv></dm:device></presence>
"""
_SRS: Final = 'srsName="urn:ogc:def:crs:EPSG::4326"'
_METRES: Final = 'uom="urn:ogc:def:uom:EPSG::9001"'


def document(shape: str) -> str:
    """A document that holds one shape or address."""
    return _DOCUMENT.format(shape=shape)


def circle(latitude: float, longitude: float, radius_m: float) -> str:
    """A point with its accuracy."""
    return (
        f"<gs:Circle {_SRS}><gml:pos>{latitude} {longitude}</gml:pos>"
        f"<gs:radius {_METRES}>{radius_m}</gs:radius></gs:Circle>"
    )


def civic(**elements: str) -> str:
    """An address by its elements (RFC 4119, RFC 5139): ``A3="Rouen", RD="Jeanne-d'Arc"``."""
    inside = "".join(f"<ca:{name}>{value}</ca:{name}>" for name, value in elements.items())
    return f'<ca:civicAddress xml:lang="fr">{inside}</ca:civicAddress>'


def located(invite: Request, pidf: str, cid: str = _CID) -> Request:
    """The same INVITE with the document beside its offer of sound, and the header that points to it."""
    parts = (
        b"--%s\r\nContent-Type: application/sdp\r\n\r\n%s\r\n"
        b"--%s\r\nContent-Type: application/pidf+xml\r\nContent-ID: <%s>\r\n\r\n%s\r\n--%s--\r\n"
    ) % (
        _BOUNDARY.encode(),
        invite.body,
        _BOUNDARY.encode(),
        cid.encode(),
        pidf.encode(),
        _BOUNDARY.encode(),
    )
    headers = [(name, value) for name, value in invite.headers if name != "Content-Type"]
    headers += [
        ("Geolocation", f"<cid:{_CID}>"),
        ("Geolocation-Routing", "no"),
        ("Content-Type", f"multipart/mixed;boundary={_BOUNDARY}"),
    ]
    return replace(invite, headers=tuple(headers), body=parts)
