"""The core of :mod:`bench.plain_core` with a journal that is written nowhere: so its cost can be told."""

from functools import partial

from app import core_parts, core_process
from app.settings import load_settings
from bench.plain_core import make_cheap
from storage.journal import Journal, JournalPace
from storage.spool import Spool

_NEVER = 1e9

if __name__ == "__main__":
    make_cheap()
    parts = vars(core_parts)
    parts["Spool"] = partial(Spool, write=lambda file, data: len(data))
    parts["Journal"] = partial(Journal, pace=JournalPace(gather_seconds=_NEVER))
    core_process.main(load_settings())
