"""A process that appends to a spool and says each place once it is kept, until it is killed.

``python -m tests.support.spool_writer FOLDER [COUNT]``; with a count, it then says ``failing`` or ``healthy``.
"""

import os
import sys
from itertools import count
from pathlib import Path

import structlog

from core.events import SwitchLost
from storage.spool import Spool
from tests.support.events import envelope


def main(directory: str, stop: str = "") -> None:
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))  # places alone are said
    spool = Spool(Path(directory))
    spool.open()
    for number in range(int(stop)) if stop else count():
        seq = spool.next_seq
        spool.append(envelope(SwitchLost(switch="a", detail="x" * (number % 900)), seq))
        os.write(1, b"%d\n" % seq)
    print("healthy" if spool.healthy else "failing", spool.dropped)


if __name__ == "__main__":
    main(*sys.argv[1:])
