"""Takes out of Debian's Asterisk what leaves people unheard: one jump of its program, always taken as upstream.

Debian patches ``ast_translate`` (``2016_opus_plc.patch``): a frame whose RTP number is up to 32,768 behind the
last one's counts as late, and is dropped. But numbers begin anywhere wherever a call moves: a caller whose far
end moved is not heard for up to 11 minutes, and a second agent is missing from the recording
(``docs/asterisk.md``, packet numbers). The comparison begins by asking whether there was a number before; where
there was none, it is left out. Repaired, it is always left out.

Besides, what it writes of a recording leaves its memory every half second instead of every two: a crash loses
that much less, and what is heard again is that much fresher.

Only the very instructions of a known build are changed. Those of another one stay as they are, and the tests of
``tests/asterisk/test_telephony_calls.py`` tell whether it needs the same.
"""

import os
from pathlib import Path
from typing import Final

PROGRAM: Final = "usr/sbin/asterisk"
_BEFORE: Final = bytes.fromhex("8b9788000000 81faffff0000")
"""``mov 0x88(%rdi),%edx; cmp $0xffff,%edx``: the last number, and whether it is one (amd64)."""
_AFTER: Final = bytes.fromhex("68 8bae80000000 39ea")
"""How far to jump; ``mov 0x80(%rsi),%ebp; cmp %ebp,%edx``: this frame's number, the same?"""
_SOMETIMES, _ALWAYS = b"\x77", b"\xeb"
_FAULTY: Final = _BEFORE + _SOMETIMES + _AFTER
_REPAIRED: Final = _BEFORE + _ALWAYS + _AFTER


_BUFFERED: Final = bytes.fromhex("b900800000 31d2 4889c6 e8")
"""``mov $0x8000,%ecx; xor %edx,%edx; mov %rax,%rsi; call``: ``setvbuf`` of ``ast_writefile``, 32 kB."""
_FRESHER: Final = bytes.fromhex("b900200000 31d2 4889c6 e8")
"""The same with 8 kB."""


def is_faulty(program: Path) -> bool:
    """Whether that Asterisk drops what it takes for late, so far as is known."""
    return _FAULTY in program.read_bytes()


def repair(root: Path) -> bool:
    """Repair the Asterisk of a private root; whether it was a build that is known."""
    program = root / PROGRAM
    octets = program.read_bytes()
    if octets.count(_FAULTY) != 1:
        return False
    draft = program.with_name("asterisk.repaired")
    octets = octets.replace(_FAULTY, _REPAIRED)
    if octets.count(_BUFFERED) == 1:
        octets = octets.replace(_BUFFERED, _FRESHER)
    draft.write_bytes(octets)
    draft.chmod(program.stat().st_mode)
    os.replace(draft, program)
    return True
