"""Settings are refused as a whole where one name or value is wrong, with what it is."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from app.settings import load_settings

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[room]\noffer_secondes = 5", "offer_secondes"),
        ("[asterisk]\nsip_prot = 5070", "sip_prot"),
        ("[storage]\ndata = 'var'", "data"),
        ("[rooms]\noffer_seconds = 5", "rooms"),
        ("[room]\noffer_seconds = -1", "offer_seconds"),
        ("[lrm]\nbase_url = 'http://lrm.example/lrm/api'", "https"),
        ("[lrm]\nbase_url = 'https://lrm.example/lrm/api'", "authority"),
        ("[lrm.certificates]\n'lrm.example' = 'FR751'", "authority"),
        ("[lrm]\nauthority = 'ca.pem'\n[lrm.certificates]\n'lrm.example' = 'Paris'", "certificates"),
        ("[lrm]\nserver_key = 'key.pem'", "server_certificate"),
    ],
)
def test_a_slip_is_named_and_leaves_no_default_in_force(tmp_path: Path, text: str, named: str) -> None:
    file = tmp_path / "centre.toml"
    file.write_text(text)
    with pytest.raises(ValidationError, match=named):
        load_settings(file)


def test_an_unknown_name_is_refused_within_a_section_of_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("BANDEAU15_ROOM__OFFER_SECONDES", "5")
    with pytest.raises(ValidationError, match=r"(?i)offer_secondes"):
        load_settings()


def test_what_is_right_is_taken(tmp_path: Path) -> None:
    file = tmp_path / "centre.toml"
    file.write_text("[room]\noffer_seconds = 5")
    assert load_settings(file).room.offer_seconds == 5
