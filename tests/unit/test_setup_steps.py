"""The decisions of set-up, without installing anything."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from setup import asterisk_repair, host, places, roots
from setup.host import HostPackage
from setup.places import Stamp, fingerprint
from setup.progress import Reporter, SetupFailed
from setup.sandbox import sandboxed

pytestmark = pytest.mark.unit

Script = Callable[..., Path]
FAULTY = bytes.fromhex("8b9788000000 81faffff0000 7768 8bae80000000 39ea")
"""What ``objdump -d`` shows of the start of ``ast_translate`` in Debian's 22.10.1."""

BUFFERED = bytes.fromhex("b900800000 31d2 4889c6 e8")
"""The same of ``ast_writefile``, where it gives a file its buffer."""


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Script:
    """Put scripts on an otherwise empty PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))

    def put(name: str, *lines: str) -> Path:
        file = folder / name
        file.write_text("\n".join(("#!/bin/sh", *lines)))
        file.chmod(0o755)
        return file

    return put


def test_a_fingerprint_follows_contents_and_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "CHECKOUT", tmp_path)
    source = tmp_path / "ui" / "page.ts"
    source.parent.mkdir()
    source.write_text("one")
    first = fingerprint([tmp_path / "ui"])
    assert fingerprint([tmp_path / "ui"]) == first
    source.write_text("two")
    second = fingerprint([tmp_path / "ui"])
    source.rename(source.with_name("other.ts"))
    third = fingerprint([tmp_path / "ui"])
    assert len({first, second, third}) == 3
    (tmp_path / "ui" / "dist").mkdir()
    (tmp_path / "ui" / "dist" / "built.js").write_text("made")
    assert fingerprint([tmp_path / "ui"]) == third


def test_a_stamp_matches_only_what_was_written(tmp_path: Path) -> None:
    stamp = Stamp(tmp_path / "folder" / "stamp")
    assert not stamp.matches("")
    stamp.write("abc")
    assert stamp.matches("abc")
    assert not stamp.matches("abd")


@pytest.mark.parametrize(
    ("answer", "recent"),
    [
        ("Asterisk 22.10.1", True),
        ("Asterisk 23.0.0", True),
        ("Asterisk certified/22.10-cert1", True),
        ("Asterisk 22.9.0", False),
        ("Asterisk 20.15.0", False),
        ("something else", False),
    ],
)
def test_an_asterisk_on_path_is_used_when_recent(script: Script, answer: str, recent: bool) -> None:
    script("asterisk", f"echo '{answer}'")
    assert roots.asterisk_on_path() is recent
    assert (roots.asterisk_root() is None) is recent
    assert (roots.refused_asterisk() is None) is recent


def test_who_has_an_older_asterisk_is_told_why_it_is_not_used(script: Script) -> None:
    program = script("asterisk", "echo 'Asterisk 20.15.0'")
    refused = roots.refused_asterisk()
    assert refused is not None
    assert refused.startswith(f"{program} is 20.15; 22.10 or later is needed")


def test_an_asterisk_that_drops_what_people_say_is_not_used(script: Script) -> None:
    program = script("asterisk", "echo 'Asterisk 22.10.1'")
    program.write_bytes(program.read_bytes() + b"\nexit\n" + FAULTY)
    refused = roots.refused_asterisk()
    assert refused is not None
    assert "drops sound" in refused
    assert not roots.asterisk_on_path()


@pytest.mark.parametrize(
    ("octets", "repaired"),
    [
        (b"one" + FAULTY + b"two", b"one" + FAULTY.replace(b"\x77\x68", b"\xeb\x68") + b"two"),
        (b"one" + FAULTY + b"two" + FAULTY, None),
        (b"of another build", None),
        (FAULTY + BUFFERED, FAULTY.replace(b"\x77\x68", b"\xeb\x68") + BUFFERED.replace(b"\x80", b"\x20")),
        (FAULTY + BUFFERED * 2, FAULTY.replace(b"\x77\x68", b"\xeb\x68") + BUFFERED * 2),
        (BUFFERED, None),
    ],
)
def test_one_jump_of_a_known_asterisk_is_changed_and_nothing_else(
    tmp_path: Path, octets: bytes, repaired: bytes | None
) -> None:
    program = tmp_path / asterisk_repair.PROGRAM
    program.parent.mkdir(parents=True)
    program.write_bytes(octets)
    program.chmod(0o755)
    assert asterisk_repair.repair(tmp_path) is (repaired is not None)
    assert program.read_bytes() == (repaired or octets)
    assert program.stat().st_mode & 0o777 == 0o755
    assert not (repaired and asterisk_repair.is_faulty(program))


def test_where_there_is_no_asterisk_none_is_refused(script: Script) -> None:
    script("something-else")
    assert roots.refused_asterisk() is None


def test_a_chromium_that_is_a_snap_is_not_used(script: Script) -> None:
    script("chromium-browser", "exec /snap/bin/chromium")
    assert roots.chromium_on_path() is None
    real = script("chromium", "exec /usr/lib/chromium/chromium")
    assert roots.chromium_on_path() == str(real)


def test_roots_with_other_packages_are_other_folders(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    one = roots.PrivateRoot(name="x", packages=("a",), components="main", probes=())
    two = roots.PrivateRoot(name="x", packages=("a", "b"), components="main", probes=())
    assert one.path != two.path
    assert one.path.parent == tmp_path / "bandeau15"


def test_the_hosts_own_apt_options_are_passed_on(script: Script) -> None:
    script(
        "apt-config",
        "echo 'APT::Architecture \"amd64\";'",
        "echo 'Acquire::http::Proxy \"http://192.0.2.1:3128\";'",
        "echo 'Acquire::Check-Valid-Until \"false\";'",
        "echo 'Acquire::CompressionTypes::xz \"xz\";'",
    )
    assert roots.host_apt_options().splitlines() == [
        'Acquire::http::Proxy "http://192.0.2.1:3128";',
        'Acquire::Check-Valid-Until "false";',
    ]


def test_only_what_is_absent_is_asked_for() -> None:
    packages = [HostPackage("there", lambda: True), HostPackage("absent", lambda: False)]
    assert host.missing(packages) == ["absent"]


def test_without_root_nor_sudo_the_command_is_printed(
    script: Script, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    script("apt-get", "exit 1")
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with (
        pytest.raises(SetupFailed, match="apt-get install --no-install-recommends -y bubblewrap mmdebstrap"),
        Reporter(tmp_path).task("host", "Packages") as task,
    ):
        host.install(["bubblewrap", "mmdebstrap"], task)


def test_a_failing_command_shows_the_end_of_its_log_and_what_to_do(tmp_path: Path) -> None:
    with (
        pytest.raises(SetupFailed, match=r"(?s)status 3\. Turn it on\..*last words") as caught,
        Reporter(tmp_path).task("step", "A step") as task,
    ):
        task.run([sys.executable, "-c", "print('last words'); raise SystemExit(3)"], advice="Turn it on.")
    assert str(tmp_path / "step.log") in str(caught.value)


def test_a_long_step_shows_that_it_lives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("setup.progress._HEARTBEAT_SECONDS", 0.0)
    with Reporter(tmp_path).task("step", "A step") as task:
        task.run([sys.executable, "-c", "import time; print('working', flush=True); time.sleep(0.6)"])
    shown = capsys.readouterr().out
    assert "A step: 0 s, working" in shown
    assert "✓ A step" in shown


def test_the_inner_of_two_folders_of_a_sandbox_decides(tmp_path: Path) -> None:
    argv = sandboxed(tmp_path, ["true"], writable=[tmp_path / "state"], readable=[tmp_path / "state" / "etc"])
    assert argv.index(str(tmp_path / "state")) < argv.index(str(tmp_path / "state" / "etc"))
    assert argv[argv.index(str(tmp_path / "state" / "etc")) - 1] == "--ro-bind"
    assert argv[-2:] == ["--", "true"]
