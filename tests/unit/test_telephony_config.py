"""The rendered configuration: complete, private, and closed to values that would change its meaning."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import ConfigurationError
from core.ids import PositionId
from telephony.config import (
    TEMPLATES,
    AsteriskConfig,
    NeighbourTrunk,
    OutgoingTrunk,
    Paths,
    load_secrets,
    render,
)
from telephony.dialling import TransferRules
from telephony.modules import LOCATION_MODULES, MODULES
from telephony.strips import account_of

pytestmark = pytest.mark.unit


@pytest.fixture
def config(tmp_path: Path) -> AsteriskConfig:
    return AsteriskConfig(
        centre_id="FR751",
        core_app="core-a",
        trunks={"operator": ["192.0.2.1", "198.51.100.0/24"], "backup": ["2001:db8::1"]},
        secrets=load_secrets(tmp_path / "secrets.json"),
        paths=Paths(
            config="/x/config", state="/x/state", run="/x/run", recordings="/x/recordings", prompts="/x/prompts"
        ),
    )


def sections(file: Path) -> dict[str, list[str]]:
    """The lines of each section, comments left out."""
    found: dict[str, list[str]] = {}
    for line in file.read_text().splitlines():
        line = line.split(";")[0].strip() if not line.startswith("exten") else line
        if match := re.fullmatch(r"\[([^\]]+)\](\(.*\))?", line):
            current = found.setdefault(match[1], [])
        elif line:
            current.append(line)
    return found


def test_every_template_is_rendered_for_its_owner_only(config: AsteriskConfig, tmp_path: Path) -> None:
    out = tmp_path / "out"
    render(config, out)
    assert {file.name for file in out.iterdir()} == {file.stem for file in TEMPLATES.glob("*.j2")}
    assert out.stat().st_mode & 0o777 == 0o700
    assert all(file.stat().st_mode & 0o777 == 0o600 for file in out.iterdir())
    assert not [file for file in out.iterdir() if "{{" in file.read_text() or "{%" in file.read_text()]


def test_secrets_are_made_once_of_256_bits_and_not_shown(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "secrets.json"
    secrets = load_secrets(file)
    assert load_secrets(file) == secrets
    assert file.stat().st_mode & 0o777 == 0o600
    assert len({secrets.ari, secrets.ari_local, secrets.ami}) == 3
    assert all(len(bytes.fromhex(word)) == 32 for word in (secrets.ari, secrets.ari_local, secrets.ami))
    assert secrets.ari not in repr(secrets)


def test_trunks_are_known_by_address_only(config: AsteriskConfig, tmp_path: Path) -> None:
    render(config, tmp_path / "out")
    pjsip = sections(tmp_path / "out" / "pjsip.conf")
    assert "match = 192.0.2.1,198.51.100.0/24" in pjsip["trunk-operator-addresses"]
    assert "match = 2001:db8::1" in pjsip["trunk-backup-addresses"]
    assert "identify_by = ip" in pjsip["trunk"]


def test_tls_is_offered_where_there_is_a_certificate(config: AsteriskConfig, tmp_path: Path) -> None:
    render(config, tmp_path / "plain")
    assert "transport-tls" not in sections(tmp_path / "plain" / "pjsip.conf")
    paths = replace(config.paths, certificate="/x/tls/cert.pem", private_key="/x/tls/key.pem")
    render(replace(config, paths=paths), tmp_path / "tls")
    pjsip = sections(tmp_path / "tls" / "pjsip.conf")
    assert "cert_file = /x/tls/cert.pem" in pjsip["transport-tls"]
    assert "transport-wss" in pjsip
    assert "tlsenable = yes" in sections(tmp_path / "tls" / "http.conf")["general"]


CONTEXTS = {
    "general", "from-trunk", "fallback", "secours-answered", "secours-over", "secours-left",
    "take-back", "callee-answered", "phone-confirmed", "positions",
}  # fmt: skip
RULES = TransferRules(short_numbers=("18",), prefixes=("+33",), refused_prefixes=("+3389",))
TRUNK = OutgoingTrunk(host="sip.example.org")


@pytest.mark.parametrize(("trunk", "rules"), [(None, RULES), (TRUNK, TransferRules())])
def test_with_no_trunk_or_no_rules_nothing_in_the_dialplan_can_dial_out(
    config: AsteriskConfig, tmp_path: Path, trunk: OutgoingTrunk | None, rules: TransferRules
) -> None:
    render(replace(config, outgoing=trunk, transfers=rules), tmp_path / "out")
    text = (tmp_path / "out" / "extensions.conf").read_text()
    assert not re.search(r"\b(Dial|Originate|Transfer|System|AGI|Page|FollowMe|DISA)\(", text)
    assert not [module for module in MODULES if module in {"app_system", "res_agi", "app_originate"}]
    assert set(sections(tmp_path / "out" / "extensions.conf")) == CONTEXTS


def test_only_a_transfer_of_mode_secours_dials_and_only_permitted_numbers(
    config: AsteriskConfig, tmp_path: Path
) -> None:
    render(replace(config, outgoing=TRUNK, transfers=RULES), tmp_path / "out")
    found = sections(tmp_path / "out" / "extensions.conf")
    secours = {"secours-transfer", "secours-pass-on", "secours-dial", "secours-reached"}
    assert set(found) == CONTEXTS | secours
    assert [context for context, lines in found.items() if any("Dial(" in line for line in lines)] == [
        "secours-dial"
    ]
    # Only the permitted patterns lead there, and only strips may ask for those.
    leads = {context for context, lines in found.items() if any("secours-dial" in line for line in lines)}
    assert leads == {"secours-pass-on"}
    leads = {context for context, lines in found.items() if any("secours-pass-on" in line for line in lines)}
    assert leads == {"secours-transfer"}
    assert {c for c, lines in found.items() if any("secours-transfer" in line for line in lines)} == {
        "positions"
    }
    extensions = [line.split()[2].split(",")[0] for line in found["secours-transfer"]]
    assert extensions
    assert all(re.fullmatch(r"18|_\+33[0-9]*X*", each) for each in extensions)


def test_vital_lines_come_first_in_mode_secours(config: AsteriskConfig, tmp_path: Path) -> None:
    render(replace(config, vital_lines=("112", "+33144000015")), tmp_path / "out")
    lines = sections(tmp_path / "out" / "extensions.conf")["fallback"]
    assert len([line for line in lines if "QUEUE_PRIO=${IF" in line]) == 2


def test_a_second_writer_records_wherever_the_first_does(config: AsteriskConfig, tmp_path: Path) -> None:
    neighbours = {"FR921": NEIGHBOUR}
    for second in ("", "/dev/shm/bandeau15"):
        paths = replace(config.paths, second=second)
        render(replace(config, paths=paths, neighbours=neighbours), tmp_path)
        lines = (tmp_path / "extensions.conf").read_text().splitlines()
        first = [at for at, line in enumerate(lines) if f"MixMonitor(,r({config.paths.recordings}/" in line]
        assert len(first) == 3  # callers, neighbours' callers, and numbers called
        followed = [f"same => n,MixMonitor(,r({second}/" in lines[at + 1] for at in first]
        assert followed == [bool(second)] * 3


def test_calls_to_numbers_have_a_trunk_where_one_is_set(config: AsteriskConfig, tmp_path: Path) -> None:
    render(config, tmp_path / "none")
    assert "trunk-out" not in sections(tmp_path / "none" / "pjsip.conf")
    trunk = OutgoingTrunk(host="sip.example.org", port=5070, transport="tcp", username="samu75", password="x")
    render(replace(config, outgoing=trunk), tmp_path / "one")
    text = (tmp_path / "one" / "pjsip.conf").read_text()
    assert "contact = sip:sip.example.org:5070\\;transport=tcp" in text
    lines = sections(tmp_path / "one" / "pjsip.conf")["trunk-out"]
    assert {"context = nowhere", "allow_transfer = no", "outbound_auth = trunk-out"} <= set(lines)
    assert "nowhere" not in sections(tmp_path / "one" / "extensions.conf")


@pytest.mark.parametrize(
    "trunk",
    [
        OutgoingTrunk(host="a;b"),
        OutgoingTrunk(host="sip.example.org", username="x\ny"),
        OutgoingTrunk(host="sip.example.org", username="u", password="a]b"),
        OutgoingTrunk(host="sip.example.org", transport="tls"),
    ],
)
def test_an_outgoing_trunk_that_cannot_be_written_is_refused(
    config: AsteriskConfig, tmp_path: Path, trunk: OutgoingTrunk
) -> None:
    with pytest.raises(ConfigurationError):
        render(replace(config, outgoing=trunk), tmp_path / "out")


def test_modules_are_listed_once_and_only_those_in_use(config: AsteriskConfig, tmp_path: Path) -> None:
    render(config, tmp_path / "out")
    loads = re.findall(r"^load = (\S+)\.so$", (tmp_path / "out" / "modules.conf").read_text(), re.MULTILINE)
    assert loads == list(MODULES)
    assert len(set(loads)) == len(loads) <= 90


@pytest.mark.parametrize(
    "changes",
    [
        {"core_app": "main"},
        {"core_app": "core-a,core-b"},
        {"vital_lines": ('15"',)},
        {"transfers": TransferRules(prefixes=("+33,",))},
        {"transfers": TransferRules(presented_by_line={"15": "x"})},
        {"centre_id": "FR751]"},
        {"node": "a b"},
        {"trunks": {"x": ["example.org"]}},
        {"trunks": {"x": []}},
        {"trunks": {"x;y": ["192.0.2.1"]}},
        {"trunks": {"x": ["192.0.2.1\npassword = x"]}},
        {"bind_address": "0.0.0.0;"},
    ],
)
def test_values_that_asterisk_would_misread_are_refused(
    config: AsteriskConfig, tmp_path: Path, changes: dict[str, object]
) -> None:
    with pytest.raises(ConfigurationError):
        render(replace(config, **changes), tmp_path / "out")  # type: ignore[arg-type]
    assert not (tmp_path / "out").exists()


def test_the_account_of_a_strip_gives_no_more_than_it_needs() -> None:
    account = dict(account_of(PositionId("arm1"), "secret", "alaw,opus"))
    endpoint = account["endpoint"]
    assert endpoint["context"] == "positions"
    assert endpoint["webrtc"] == "yes"
    assert endpoint["allow"] == "alaw,opus"
    assert endpoint["allow_transfer"] == "no"
    assert endpoint["identify_by"] == "username"
    assert account["aor"]["max_contacts"] == "1"
    assert account["auth"] == {"auth_type": "digest", "username": "arm1", "password": "secret"}


NEIGHBOUR = NeighbourTrunk(host="samu92.example", addresses=("203.0.113.7",))


def test_a_neighbour_is_a_trunk_both_ways_with_a_door_of_its_own(
    config: AsteriskConfig, tmp_path: Path
) -> None:
    render(config, tmp_path / "alone")
    assert "from-neighbour" not in sections(tmp_path / "alone" / "extensions.conf")
    assert "X-Bandeau-Aid" not in (tmp_path / "alone" / "extensions.conf").read_text()
    render(replace(config, neighbours={"FR921": NEIGHBOUR}), tmp_path / "out")
    pjsip = sections(tmp_path / "out" / "pjsip.conf")
    assert {"context = from-neighbour", "send_pai = yes", "aors = neighbour-FR921", "rtp_timeout = 10"} <= {
        *pjsip["neighbour-FR921"]
    }
    assert "match = 203.0.113.7" in pjsip["neighbour-FR921-addresses"]
    dialplan = sections(tmp_path / "out" / "extensions.conf")
    assert not [line for line in dialplan["from-trunk"] if "X-Bandeau-Aid" in line]
    assert dialplan["from-neighbour"][-1] == "same => n,Hangup(34)"


@pytest.mark.parametrize(
    ("neighbours", "said"),
    [
        ({"FR751": NEIGHBOUR}, "that is this centre"),
        ({"FR921": replace(NEIGHBOUR, addresses=())}, "give it IP addresses"),
        ({"FR921": replace(NEIGHBOUR, addresses=("samu92.example",))}, "does not appear to be"),
        ({"FR921": replace(NEIGHBOUR, addresses=("198.51.100.7",))}, "in common with trunk operator"),
        ({"FR921": replace(NEIGHBOUR, addresses=("0.0.0.0/0",))}, "in common with trunk"),
        ({"FR921": NEIGHBOUR, "FR922": NEIGHBOUR}, "in common with neighbour FR921"),
        ({"FR921": replace(NEIGHBOUR, host="a;b")}, "its host"),
        ({"FR921": replace(NEIGHBOUR, transport="tls")}, "certificate"),
    ],
)
def test_a_neighbour_that_could_be_mistaken_is_refused(
    config: AsteriskConfig, tmp_path: Path, neighbours: dict[str, NeighbourTrunk], said: str
) -> None:
    with pytest.raises(ConfigurationError, match=said):
        render(replace(config, neighbours=neighbours), tmp_path / "out")


def test_sound_comes_from_the_address_of_sip(config: AsteriskConfig, tmp_path: Path) -> None:
    render(config, tmp_path / "any")
    assert "bind_rtp_to_media_address = yes" not in sections(tmp_path / "any" / "pjsip.conf")["trunk"]
    render(replace(config, bind_address="192.0.2.9"), tmp_path / "one")
    assert "media_address = 192.0.2.9" in sections(tmp_path / "one" / "pjsip.conf")["trunk"]


def test_only_a_trunk_that_is_named_may_say_where_callers_are(config: AsteriskConfig, tmp_path: Path) -> None:
    render(config, tmp_path / "none")
    assert "from-located-trunk" not in sections(tmp_path / "none" / "extensions.conf")
    assert "geoloc" not in (tmp_path / "none" / "pjsip.conf").read_text().replace("; ", "")

    render(replace(config, located_trunks=("operator",)), tmp_path / "one")
    trunks = sections(tmp_path / "one" / "pjsip.conf")
    assert "context = from-located-trunk" in trunks["trunk-operator"]
    assert trunks["trunk-backup"] == []
    modules = (tmp_path / "one" / "modules.conf").read_text()
    assert all(f"load = {module}.so" in modules for module in LOCATION_MODULES)
    located = sections(tmp_path / "one" / "extensions.conf")["from-located-trunk"]
    assert "same => n,Goto(fallback,s,1)" in located

    with pytest.raises(ConfigurationError, match="there is no nobody"):
        render(replace(config, located_trunks=("nobody",)), tmp_path / "other")
