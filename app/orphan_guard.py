"""Ends process groups whose launcher died: the last line of "nothing is left running".

Run as a script of its own (standard library only, so that it is small): reads ``+<group>`` and ``-<group>``
lines from its standard input, and when that closes, which happens however the launcher dies, kills the groups
still named.
"""

import contextlib
import os
import signal
import sys


def main() -> None:
    """Follow the launcher's list of groups until it ends."""
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    groups: set[int] = set()
    for line in sys.stdin:
        sign, group = line[0], int(line[1:])
        (groups.add if sign == "+" else groups.discard)(group)
    for group in groups:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)


if __name__ == "__main__":
    main()
