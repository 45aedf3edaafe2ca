"""``python3 -m setup GOAL``: prepare this checkout for a goal, showing what is being done."""

import argparse
import fcntl
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from setup import announcements, host, pages, python_env
from setup.places import CHECKOUT, LOGS, STAMPS
from setup.progress import Reporter, SetupFailed, Task
from setup.roots import (
    ASTERISK,
    CHROMIUM,
    COTURN,
    POSTGRESQL,
    PrivateRoot,
    asterisk_on_path,
    chromium_on_path,
    postgresql_folder,
    refused_asterisk,
    voices_root,
)

_TESTS = ("test", "chaos")
"""Goals that need all that a test may use."""


@dataclass(frozen=True)
class Step:
    """One thing to have ready."""

    name: str
    title: str
    ready: Callable[[], bool]
    make: Callable[[Task], None]


def main() -> int:
    """Run the steps of the goal; return the exit status."""
    parser = argparse.ArgumentParser(prog="python3 -m setup", description=__doc__)
    parser.add_argument(
        "goal", choices=("check", "run", "turn", "test", "chaos", "lock"), nargs="?", default="run"
    )
    goal = parser.parse_args().goal
    try:
        with _alone():
            _prepare(goal)
    except SetupFailed as error:
        print(f"\nSet-up stopped: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nSet-up interrupted; what is done is kept.", file=sys.stderr)
        return 130
    return 0


def _prepare(goal: str) -> None:
    started = time.monotonic()
    reporter = Reporter(LOGS)
    if goal == "lock":
        with reporter.task("lock", "Exact versions of the Python packages") as task:
            python_env.write_locks(task)
        return
    if goal != "check" and not ASTERISK.exists() and (refused := refused_asterisk()):
        print(refused, flush=True)
    done = 0
    for step in _steps(goal):
        if not step.ready():
            if done == 0:
                print(f"Setting up {CHECKOUT} (full logs in {LOGS})", flush=True)
            done += 1
            with reporter.task(step.name, step.title) as task:
                step.make(task)
    if done:
        print(f"Set-up done in {time.monotonic() - started:.0f} s.", flush=True)


def _steps(goal: str) -> Iterator[Step]:
    roots = _roots(goal)
    needed = _host_packages(goal, roots)
    yield Step(
        "host",
        "Packages of this machine",
        lambda: not host.missing(needed),
        lambda task: host.install(host.missing(needed), task),
    )
    if goal != "check":
        yield Step(
            "namespaces",
            "Leave to make namespaces",
            lambda: not host.namespaces_refused(),
            host.allow_namespaces,
        )
    yield Step("python", "Python packages (100 MB, about 30 s)", python_env.is_ready, python_env.build)
    for root in roots:
        yield Step(root.name, f"{root.name.capitalize()} in a folder of its own", root.exists, root.build)
    if goal != "check":
        yield Step("announcements", "Announcements", announcements.is_ready, announcements.make)
    yield Step("npm", "Packages of the pages", pages.packages_ready, pages.install_packages)
    if goal != "check":
        yield Step("pages", "Pages", pages.is_ready, pages.build)


def _roots(goal: str) -> list[PrivateRoot]:
    roots = []
    if goal in _TESTS or (goal in ("run", "turn") and not (asterisk_on_path() and voices_root() is None)):
        roots.append(ASTERISK)
    if goal in ("turn", *_TESTS):
        roots.append(COTURN)
    if goal in _TESTS and not chromium_on_path():
        roots.append(CHROMIUM)
    if goal in _TESTS and postgresql_folder() is None:
        roots.append(POSTGRESQL)
    return roots


def _host_packages(goal: str, roots: list[PrivateRoot]) -> list[host.HostPackage]:
    packages = [host.VENV_PACKAGE]
    if goal != "check":
        packages.append(host.BUBBLEWRAP)
    if goal in _TESTS:
        packages += [host.IPROUTE, host.LIBATOMIC]
    if goal == "chaos":
        packages.append(host.LIBFAKETIME)
    if not all(root.exists() for root in roots):
        packages += [host.MMDEBSTRAP, host.KEYRING]
    return packages


@contextmanager
def _alone() -> Iterator[None]:
    """One set-up at a time in a checkout."""
    STAMPS.mkdir(parents=True, exist_ok=True)
    with (STAMPS / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Waiting for another set-up of this checkout to end…", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    sys.exit(main())
