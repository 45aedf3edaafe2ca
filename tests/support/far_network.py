"""A place far from the centre: a network of its own, that reaches its pages, SIP and TURN, but not its RTP."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from setup.host import find_program

CENTRE_SIDE, FAR_SIDE = "10.16.0.1", "10.16.0.2"
_RTP = ("ipproto", "udp", "dport", "10000-10999")
_UDP = ("ipproto", "udp")


class FarNetwork:
    """The network, as long as its one process lives."""

    def __init__(self, pid: int) -> None:
        self._pid = pid

    def inside(self, *command: str) -> list[str]:
        """The command line that runs a command there."""
        return ["nsenter", f"--net=/proc/{self._pid}/ns/net", "--", *command]

    def script(self, program: Path, place: Path) -> Path:
        """A program that runs another one there."""
        place.write_text("#!/bin/sh\nexec " + " ".join(self.inside(str(program))) + ' "$@"\n')
        place.chmod(0o755)
        return place

    @contextmanager
    def without_udp(self) -> Iterator[None]:
        """No UDP gets out, as in many offices and hotels."""
        self.ip("rule", "add", "pref", "9", *_UDP, "blackhole")
        try:
            yield
        finally:
            self.ip("rule", "del", "pref", "9", *_UDP, "blackhole")

    @contextmanager
    def cut_off(self) -> Iterator[None]:
        """Nothing at all gets out: nobody is told."""
        self.ip("rule", "add", "pref", "8", "blackhole")
        try:
            yield
        finally:
            self.ip("rule", "del", "pref", "8", "blackhole")

    def ip(self, *words: str) -> None:
        """Set something up there."""
        subprocess.run(self.inside(_ip(), *words), check=True)


def _ip() -> str:
    found = find_program("ip")
    assert found is not None, "ip is missing (package iproute2)"
    return found


@contextmanager
def far_network() -> Iterator[FarNetwork]:
    """Make one beside the tests' own network; nothing of it is left."""
    holder = subprocess.Popen(["unshare", "--net", "cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert holder.stdin is not None
        assert holder.stdout is not None
        holder.stdin.write(b"!\n")
        holder.stdin.flush()
        holder.stdout.readline()  # it is in its network from here on
        far = FarNetwork(holder.pid)
        for words in (
            ("link", "add", "far0", "type", "veth", "peer", "name", "far1"),
            ("link", "set", "far1", "netns", str(holder.pid)),
            ("address", "add", f"{CENTRE_SIDE}/24", "dev", "far0"),
            ("link", "set", "far0", "up"),
        ):
            subprocess.run([_ip(), *words], check=True)
        far.ip("address", "add", f"{FAR_SIDE}/24", "dev", "far1")
        far.ip("link", "set", "lo", "up")
        far.ip("link", "set", "far1", "up")
        far.ip("rule", "add", "pref", "10", *_RTP, "blackhole")
        yield far
    finally:
        holder.kill()
        holder.wait()
