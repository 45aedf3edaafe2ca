"""Frames as Asterisk 22.10.1 sends them, and as it wants them."""

import msgspec
import pytest

from core.ids import CallId, ChannelId, PositionId
from core.switch import CallerArrived, CallerChannel, ChannelGone, ChannelTruth, LegOpened, SwitchTruth
from core.words import CallerNumber
from telephony.ari_protocol import (
    Bridge,
    CallBroadcast,
    Channel,
    ChannelHangupRequest,
    PlaybackFinished,
    RESTResponse,
    StasisEnd,
    StasisStart,
    decode,
    encode_request,
    uri,
)
from telephony.register import ChannelRegister
from telephony.translation import args_of, bridges_of, cause_of, truth_of

pytestmark = pytest.mark.unit

CHANNEL = (
    '{"id":"FR751-asterisk-a-1795310022.0","name":"PJSIP/trunk-operator-00000000","state":"Ring",'
    '"protocol_id":"1-28092@127.0.0.2","caller":{"name":"","number":"0612345678"},'
    '"connected":{"name":"","number":""},"accountcode":"","dialplan":{"context":"from-trunk","exten":"15",'
    '"priority":3,"app_name":"StasisBroadcast","app_data":"300,^core-,caller:15:0612345678/allowednotscreened//0612345678@/"},'
    '"creationtime":"2026-11-22T01:06:12.007+0000","language":"fr"}'
)
LEG = (
    '{"id":"FR751-asterisk-a-1795310540.0","state":"Up","dialplan":{"context":"positions","exten":"leg",'
    '"priority":1,"app_name":"Stasis","app_data":"core-a,leg,arm1"},"creationtime":"2026-11-22T01:22:20.388+0000"}'
)
TAIL = '"asterisk_id":"b2:9b","application":"core-a","timestamp":"2026-11-22T01:06:12.010+0000"'
WHO = "0612345678/allowednotscreened//0612345678@/"
START = f'{{"type":"StasisStart","args":["caller","15","{WHO}"],"channel":{CHANNEL},{TAIL}}}'
END = f'{{"type":"StasisEnd","channel":{CHANNEL},{TAIL}}}'
ID = ChannelId("FR751-asterisk-a-1795310022.0")


def channel(text: str) -> Channel:
    return msgspec.json.decode(text, type=Channel)


def hangup(fields: str) -> ChannelHangupRequest:
    frame = decode(f'{{"type":"ChannelHangupRequest",{fields}"channel":{CHANNEL},{TAIL}}}')
    assert isinstance(frame, ChannelHangupRequest)
    return frame


def test_frames_in_use_are_read() -> None:
    assert isinstance(
        decode(f'{{"type":"CallBroadcast","channel":{CHANNEL},"called":"15",{TAIL}}}'), CallBroadcast
    )
    assert isinstance(decode(START), StasisStart)
    assert isinstance(decode(END), StasisEnd)
    finished = decode(f'{{"type":"PlaybackFinished","playback":{{"id":"p1","state":"done"}},{TAIL}}}')
    assert isinstance(finished, PlaybackFinished)
    assert finished.playback.state == "done"
    answer = decode(f'{{"type":"RESTResponse","request_id":"7","status_code":204,"uri":"x",{TAIL}}}')
    assert answer == RESTResponse(request_id="7", status_code=204)


@pytest.mark.parametrize(
    "frame",
    [
        f'{{"type":"ApplicationRegistered",{TAIL}}}',
        '{"type":"SomethingOfTomorrow","channel":7}',
        '{"type":"StasisStart"}',
        '{"no":"type"}',
        "[]",
    ],
)
def test_other_frames_are_passed_over(frame: str) -> None:
    assert decode(frame) is None


def test_requests_are_written() -> None:
    assert msgspec.json.decode(encode_request(3, "POST", uri("channels", "a.1", "answer"))) == {
        "type": "RESTRequest",
        "transaction_id": "",
        "request_id": "3",
        "method": "POST",
        "uri": "channels/a.1/answer",
    }
    body = msgspec.json.decode(encode_request(4, "PUT", "x", {"a": 1}))
    assert body["content_type"] == "application/json"
    assert msgspec.json.decode(body["message_body"]) == {"a": 1}


def test_an_id_cannot_reach_another_resource() -> None:
    assert uri("channels", "../bridges?x=1&", "play", media="sound:/a b&c") == (
        "channels/..%2Fbridges%3Fx%3D1%26/play?media=sound%3A%2Fa%20b%26c"
    )


def test_what_put_a_channel_under_control_is_found_again() -> None:
    assert args_of(channel(CHANNEL)) == ("caller", "15", "0612345678/allowednotscreened//0612345678@/")
    assert args_of(channel(LEG)) == ("leg", "arm1")
    truth = truth_of(channel(CHANNEL))
    assert truth is not None
    assert truth.caller is not None
    assert truth.caller.caller == CallerNumber(e164="+33612345678")
    assert not truth.up
    leg = channel(LEG)
    assert truth_of(leg) == ChannelTruth(channel_id=ChannelId(leg.id), up=True, leg=PositionId("arm1"))


@pytest.mark.parametrize("app_data", ["300,^core-", "300,^core-,caller:15", "300,^core-,other:15:////", ""])
def test_a_channel_of_unknown_purpose_is_not_the_core_s(app_data: str) -> None:
    assert (
        truth_of(
            channel(
                CHANNEL.replace("300,^core-,caller:15:0612345678/allowednotscreened//0612345678@/", app_data)
            )
        )
        is None
    )


def test_a_withheld_number_and_a_test_call_are_told() -> None:
    truth = truth_of(
        channel(CHANNEL.replace("0612345678/allowednotscreened//0612345678@/", "/prohibited//@/1"))
    )
    assert truth is not None
    assert truth.caller is not None
    assert truth.caller.caller == CallerNumber(e164=None, test=True)


def test_only_bridges_made_by_the_core_count() -> None:
    ours = Bridge(id="position-arm1", creator="Stasis", channels=("a",))
    assert bridges_of([ours, Bridge(id="queue", creator="")]) == {"position-arm1": frozenset({"a"})}


@pytest.mark.parametrize(
    ("fields", "cause"),
    [
        ("", 16),
        ('"cause":16,', 16),
        ('"cause":38,', 38),
        ('"cause":127,"tech_cause":487,', 16),
        ('"cause":127,"tech_cause":503,', 127),
        ('"cause":32,"soft":true,', 16),
        ('"cause":1,"soft":true,', 44),
        ('"cause":8,"soft":true,', 31),
    ],
)
def test_why_a_channel_ends(fields: str, cause: int) -> None:
    assert cause_of(hangup(fields)) == cause


class ChannelRegisterTests:
    def start(self) -> StasisStart:
        frame = decode(START)
        assert isinstance(frame, StasisStart)
        return frame

    def test_each_arrival_and_each_end_is_told_once(self) -> None:
        register = ChannelRegister()
        arrived = register.arrived(self.start())
        assert isinstance(arrived, CallerArrived)
        assert arrived.channel.call_id == CallId(ID)
        assert register.arrived(self.start()) is None
        assert ID in register
        register.ending(hangup('"cause":38,'))
        register.ending(hangup('"cause":16,'))
        assert register.gone(ID) == ChannelGone(channel_id=ID, cause=38)
        assert register.gone(ID) is None
        assert ID not in register

    def test_a_leg_arrives(self) -> None:
        leg = StasisStart(channel=channel(LEG), args=("leg", "arm1"))
        assert ChannelRegister().arrived(leg) == LegOpened(
            position_id=PositionId("arm1"), channel_id=ChannelId(leg.channel.id)
        )

    def test_an_unknown_purpose_is_an_error(self) -> None:
        with pytest.raises(ValueError, match="unknown purpose"):
            ChannelRegister().arrived(StasisStart(channel=channel(LEG), args=("surprise",)))

    def test_the_end_of_a_stranger_is_not_told(self) -> None:
        register = ChannelRegister()
        register.ending(hangup('"cause":38,'))
        assert register.gone(ID) is None

    def test_after_a_reconnection_the_known_are_not_told_again_and_the_vanished_are_named(self) -> None:
        register = ChannelRegister()
        register.arrived(self.start())
        other = ChannelId("other")
        caller = CallerChannel(
            channel_id=other,
            call_id=CallId(other),
            line="15",
            caller=CallerNumber(),
            created_at=channel(CHANNEL).creationtime,
        )
        truth = SwitchTruth(switch="a", channels=(ChannelTruth(channel_id=other, up=True, caller=caller),))
        assert register.reconcile(truth) == {ID}
        assert other in register
        assert register.gone(ID) == ChannelGone(channel_id=ID, cause=0)
        assert register.reconcile(truth) == set()
