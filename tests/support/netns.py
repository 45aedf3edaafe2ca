"""Runs a command in a network of its own: ``python -m tests.support.netns -- pytest tests/asterisk``.

Inside: ``lo``, and one interface with the address ``ADDRESS`` (browsers ignore loopback for audio); no way out.
The machine's own name resolves, so that nothing waits for DNS. Its processes are in a namespace too: when the
command ends, everything it left behind ends with it.
"""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

from setup.host import bwrap, find_program
from setup.places import CHECKOUT

ADDRESS = "10.15.0.1"
"""The one address that is not loopback."""
MARK = "BANDEAU15_TEST_NETWORK"
"""Environment variable set inside."""


def inside() -> bool:
    """Whether this process runs in such a network."""
    return os.environ.get(MARK) == str(_network_id())


def wrapped(command: list[str], hosts: Path) -> list[str]:
    """Make the command line that runs ``command`` in a network of its own."""
    argv = [bwrap(), "--dev-bind", "/", "/", "--ro-bind", str(hosts), "/etc/hosts", "--die-with-parent"]
    argv += ["--unshare-user", "--uid", "0", "--gid", "0", "--cap-add", "ALL", "--unshare-net", "--"]
    # Not bwrap's own process namespace: its /proc would forbid those made inside for Asterisk.
    argv += ["unshare", "--pid", "--mount", "--fork", "--kill-child", "--mount-proc", "--"]
    return [*argv, sys.executable, "-m", "tests.support.netns", "--inside", *command]


def main() -> int:
    """Set the network up and run the command; return its exit status."""
    match sys.argv[1:]:
        case ["--inside", *command]:
            _raise_interfaces()
            os.environ[MARK] = str(_network_id())
            return _be_first_process(command)
        case ["--", *command] if command:
            return _run(wrapped(command, _hosts()))
    sys.exit(__doc__)


def _hosts() -> Path:
    """Give the file of names. One that a network has mounted is not replaced: deleted, it cannot be mounted."""
    hosts = CHECKOUT / "tests" / ".artifacts" / "hosts"
    names = f"127.0.0.1 localhost\n::1 localhost\n127.0.1.1 {socket.gethostname()}\n"
    if not hosts.is_file() or hosts.read_text() != names:
        hosts.parent.mkdir(exist_ok=True)
        new = hosts.with_name(f"hosts-{os.getpid()}")
        new.write_text(names)
        new.replace(hosts)
    return hosts


def _be_first_process(command: list[str]) -> int:
    """Run the command, and bury every orphan, as the first process of a namespace must."""
    child = subprocess.Popen(command)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the command has its own
    signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    while True:
        pid, status = os.wait()
        if pid == child.pid:
            return os.waitstatus_to_exitcode(status) % 256


def _run(argv: list[str]) -> int:
    process = subprocess.Popen(argv)
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue  # the command got the same Ctrl-C: it stops by itself


def _raise_interfaces() -> None:
    ip = find_program("ip")
    if ip is None:
        sys.exit("“ip” is missing (package iproute2): run make setup")
    _must(ip, "link", "set", "lo", "up")
    kinds = (["type", "dummy"], ["type", "veth", "peer", "name", "centre-peer"], ["type", "bridge"])
    for kind in kinds:
        made = subprocess.run([ip, "link", "add", "centre0", *kind], capture_output=True, check=False)
        if made.returncode == 0:
            break
    else:
        sys.exit(f"no network interface can be made here: {made.stderr.decode()}")
    if "veth" in kind:
        _must(ip, "link", "set", "centre-peer", "up")
    _must(ip, "address", "add", f"{ADDRESS}/24", "dev", "centre0")
    _must(ip, "link", "set", "centre0", "up")


def _must(*command: str) -> None:
    subprocess.run(command, check=True)


def _network_id() -> int:
    return Path("/proc/self/ns/net").stat().st_ino


if __name__ == "__main__":
    sys.exit(main())
