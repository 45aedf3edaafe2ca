"""What all kinds of test share: the rule that each module declares its kind, and where the programs are."""

import gc
import os
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from setup.places import CHECKOUT
from setup.roots import ASTERISK, CHROMIUM, CHROMIUM_PROGRAM, chromium_on_path
from setup.roots import asterisk_root as installed_asterisk_root
from setup.sandbox import sandboxed
from tests.support import netns
from tests.support.passwords import hash_cheaply

# A slow machine is no failure: time is measured in bench/, never asserted here.
_PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("bandeau15", _PATIENT, max_examples=50)  # each run has others
settings.register_profile("thorough", _PATIENT, max_examples=2_000)  # --hypothesis-profile=thorough
settings.load_profile("bandeau15")

# Tests run side by side inherit the terminal's size from the process that starts them: each test says its own.
for _size in ("COLUMNS", "LINES"):
    os.environ.pop(_size, None)

hash_cheaply()

_KINDS = frozenset({"unit", "component", "asterisk", "e2e"})
_NAMESPACED = frozenset({"asterisk", "e2e"})


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Keep the garbage collector out of loading, a third of its time, and away from what was loaded."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Refuse a test of no kind, and one that would send media or calls on the machine's own network."""
    kinds = _KINDS & {mark.name for mark in item.iter_markers()}
    if not kinds:
        pytest.fail(f"{item.path.name} declares no kind: pytestmark = pytest.mark.unit", pytrace=False)
    if kinds & _NAMESPACED and not netns.inside():
        kind = min(kinds & _NAMESPACED)
        pytest.fail(
            f"{kind} tests run in a network of their own: make test-{kind}, or "
            "python -m tests.support.netns -- python -m pytest …",
            pytrace=False,
        )


@pytest.fixture(scope="session")
def asterisk_root() -> Path | None:
    """Private root to run Asterisk in; ``None``: the host's own Asterisk is used."""
    root = installed_asterisk_root()
    if root is not None and not root.is_dir():
        pytest.fail(f"Asterisk is not there ({root}): run make setup", pytrace=False)
    return root


@pytest.fixture(scope="session")
def callers_root() -> Path:
    """Private root with the test callers (SIPp) and sound tools (sox)."""
    if not ASTERISK.exists():
        pytest.fail(f"the test callers are not there ({ASTERISK.path}): run make setup", pytrace=False)
    return ASTERISK.path


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Chromium's executable: the host's, or a script that starts the one of the private root."""
    host = chromium_on_path()
    if host is not None:
        return Path(host)
    if not CHROMIUM.exists():
        pytest.fail(f"Chromium is not there ({CHROMIUM.path}): run make setup", pytrace=False)
    script = tmp_path_factory.mktemp("chromium") / "chromium"
    argv = sandboxed(
        CHROMIUM.path, [CHROMIUM_PROGRAM], writable=[Path("/tmp")], readable=[CHECKOUT, Path("/dev/shm")]
    )
    script.write_text("#!/bin/sh\nexec " + " ".join(f"'{word}'" for word in argv) + ' "$@"\n')
    script.chmod(0o755)
    return script
