"""Makes the announcements: spoken from the texts of the catalogue, or taken from recordings, all at one level.

``python -m app.prompts --root PRIVATE_ROOT --out FOLDER [--recorded FOLDER]``; does nothing where they
are up to date.
"""

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
import tomllib
import wave
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from setup.sandbox import sandboxed
from telephony.music import RATE, waiting_music

CATALOGUE: Final = Path(__file__).resolve().parent.parent / "asterisk-conf" / "prompts" / "catalogue.toml"
MUSIC: Final = "music"
_VOICE: Final = "fr-FR"
_LEVEL: Final = "-6"
"""Peak, in dB below full scale, after the compression that brings all voices to one loudness."""
_SHAPE: Final = (
    # no silence at both ends, then a short one; no rumble; one loudness
    *("silence", "1", "0.02", "0.5%", "reverse", "silence", "1", "0.02", "0.5%", "reverse"),
    *("highpass", "120", "norm", "-3"),
    *("compand", "0.005,0.15", "6:-60,-60,-40,-24,-20,-14,0,-8", "0", "-40", "0.005"),
    *("norm", _LEVEL, "pad", "0.1", "0.4"),
)
_MAKER: Final = f"3 {_VOICE} {' '.join(_SHAPE)}"
"""Part of each fingerprint: a change of how they are made makes them anew."""

Tools = Callable[[Sequence[str | Path], Path, Sequence[Path]], None]
"""Runs a tool (pico2wave, sox) given its words, the folder it writes to, and files it reads."""


class PromptsFailed(Exception):
    """An announcement could not be made. The text says which tool failed, and how."""


def catalogue() -> dict[str, str]:
    """Read the announcements' names and texts."""
    entries = tomllib.loads(CATALOGUE.read_text(encoding="utf-8"))
    return {name: str(entry["text"]) for name, entry in entries.items()}


def make(out: Path, tools: Tools, recorded: Path | None = None) -> list[str]:
    """Make what is missing or out of date in ``out``, as 8 kHz WAV.

    Returns:
        the names made.

    Raises:
        PromptsFailed: a tool failed; those made before are kept.
    """
    out.mkdir(parents=True, exist_ok=True)
    stamps = _Stamps(out / ".made.json")
    made = []
    for name, text in {MUSIC: "", **catalogue()}.items():
        source = recorded / f"{name}.wav" if recorded else None
        if source is not None and not source.is_file():
            source = None
        print_ = _fingerprint(text, source)
        if stamps.match(name, print_) and (out / f"{name}.wav").is_file():
            continue
        with tempfile.TemporaryDirectory(dir=out) as folder:
            draft = Path(folder) / "prompt.wav"
            _make_one(name, text, source, draft, tools)
            draft.chmod(0o644)
            draft.replace(out / f"{name}.wav")
        stamps.write(name, print_)
        made.append(name)
    return made


def _make_one(name: str, text: str, source: Path | None, draft: Path, tools: Tools) -> None:
    if source is None and name == MUSIC:
        with wave.open(str(draft), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE)
            file.writeframes(waiting_music())
        return
    spoken = source
    if spoken is None:
        spoken = draft.with_name("spoken.wav")
        tools(["pico2wave", "-l", _VOICE, "-w", spoken, text], draft.parent, [])
    shape = ("gain", "-n", "-12") if name == MUSIC else _SHAPE
    target = ["-r", str(RATE), "-c", "1", "-b", "16", "-e", "signed-integer"]
    tools(["sox", spoken, *target, draft, *shape], draft.parent, [source] if source else [])


def tools_of(root: Path | None) -> Tools:
    """Run the tools inside a private root; ``None``: the host's own."""

    def run(words: Sequence[str | Path], writes: Path, reads: Sequence[Path]) -> None:
        argv = sandboxed(root, words, writable=[writes], readable=reads)
        try:
            done = subprocess.run(  # noqa: S603 - the words are ours
                argv, capture_output=True, text=True, errors="replace", check=False, timeout=60
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise PromptsFailed(f"{words[0]} did not run: {error}") from error
        if done.returncode != 0:
            raise PromptsFailed(f"{words[0]} failed: {done.stderr.strip()[-500:]}")

    return run


class _Stamps:
    """Remembers from what each announcement was made."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._made: dict[str, str] = json.loads(file.read_text()) if file.is_file() else {}

    def match(self, name: str, value: str) -> bool:
        return self._made.get(name) == value

    def write(self, name: str, value: str) -> None:
        self._made[name] = value
        draft = self._file.with_suffix(".new")
        draft.write_text(json.dumps(self._made, indent=1))
        draft.replace(self._file)


def _fingerprint(text: str, source: Path | None) -> str:
    digest = hashlib.sha256(f"{_MAKER}\0{text}\0".encode())
    digest.update(source.read_bytes() if source else b"")
    return digest.hexdigest()


def main() -> int:
    """Make the announcements; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m app.prompts", description=__doc__)
    parser.add_argument("--root", type=Path, help="private root with pico2wave and sox; else the host's own")
    parser.add_argument("--out", type=Path, required=True, help="folder of the announcements")
    parser.add_argument("--recorded", type=Path, help="folder of recordings that replace spoken texts")
    options = parser.parse_args()
    try:
        made = make(options.out, tools_of(options.root), options.recorded)
    except PromptsFailed as error:
        print(error, file=sys.stderr)
        return 1
    print(f"announcements made: {', '.join(made) or 'none, all up to date'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
