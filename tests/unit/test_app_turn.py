"""The TURN server: who gets credentials for how long, what it may relay to, when it is refused to start."""

import base64
import hashlib
import hmac
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from app.settings import AsteriskSettings, Settings, StorageSettings, TurnSettings
from app.turn import peers_of, turn_access, turn_config
from bandeau.turn import TurnAccess
from core.errors import ConfigurationError
from core.ids import PositionId
from tests.support.events import NOON

pytestmark = pytest.mark.unit


def settings(folder: Path, trunk: str = "198.51.100.0/28", **turn: object) -> Settings:
    return Settings(
        storage=StorageSettings(data_dir=folder),
        asterisk=AsteriskSettings(trunks={"operator": [trunk]}),
        turn=TurnSettings(enabled=True, public_host="turn.example", **turn),  # type: ignore[arg-type]
    )


def test_credentials_name_their_end_and_prove_it() -> None:
    made = TurnAccess(secret="s", lasts=timedelta(hours=2)).credentials(PositionId("mu1"), NOON)
    assert made.username == f"{int(NOON.timestamp()) + 7200}:mu1"
    digest = hmac.new(b"s", made.username.encode(), hashlib.sha1).digest()
    assert made.password == base64.b64encode(digest).decode()
    assert made.password not in repr(made)


def test_strips_are_sent_by_udp_tcp_and_tls_and_nowhere_without_a_server(tmp_path: Path) -> None:
    assert turn_access(Settings(storage=StorageSettings(data_dir=tmp_path))).urls == ()
    assert turn_access(settings(tmp_path, policy="relay")).policy == "relay"
    assert turn_access(settings(tmp_path)).urls == (
        "turn:turn.example:3478?transport=udp",
        "turn:turn.example:3478?transport=tcp",
        "turns:turn.example:5349?transport=tcp",
    )
    assert turn_access(settings(tmp_path)).secret == turn_access(settings(tmp_path)).secret != ""


def test_all_is_denied_but_asterisk(tmp_path: Path) -> None:
    centre = settings(tmp_path, peers=("192.0.2.5", "2001:db8::5"), relay_address="192.0.2.9")
    lines = turn_config(centre, peers_of(centre), "s").splitlines()
    allowed = [line for line in lines if line.startswith("allowed-peer-ip=")]
    assert allowed == ["allowed-peer-ip=192.0.2.5", "allowed-peer-ip=2001:db8::5"]
    assert "denied-peer-ip=0.0.0.0-255.255.255.255" in lines
    assert "denied-peer-ip=::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" in lines
    assert {"use-auth-secret", "no-tcp-relay", "no-multicast-peers", "relay-ip=192.0.2.9"} <= set(lines)


def test_what_is_relayed_may_not_pass_for_a_trunk(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="operator"):
        peers_of(settings(tmp_path, trunk="192.0.2.0/24", relay_address="192.0.2.9"))


def test_a_server_that_nobody_could_find_is_refused() -> None:
    with pytest.raises(ValidationError, match="public_host"):
        TurnSettings(enabled=True)
