"""What robots say: short French sentences, spoken by an offline voice where one is given.

Everything said is invented. Without a voice, robots hum: tones that rise and fall like speech.
"""

import shlex
import subprocess
from pathlib import Path

import numpy as np
import structlog

from simulator.sound import Pcm, read_wav, silence, tone

log = structlog.get_logger(__name__)

CALLERS = (
    "Bonjour, mon père a une douleur dans la poitrine depuis une heure. Il a soixante-huit ans.",
    "Bonjour, ma fille a de la fièvre depuis hier, quarante. Je ne sais pas quoi faire.",
    "Allô, il y a eu un accident devant chez moi, une personne est tombée de vélo, elle est consciente.",
    "Bonjour, ma grand-mère est tombée dans la cuisine, elle n'arrive pas à se relever.",
    "Bonjour, je me suis coupé la main assez profondément et cela saigne beaucoup.",
    "Allô, mon collègue fait un malaise, il est très pâle, il respire.",
)
AGENTS = (
    "Samu quinze, bonjour. Dites-moi ce qui se passe. Quelle est votre adresse exacte ?",
    "Samu, je vous écoute. Est-ce que la personne est consciente ? Est-ce qu'elle respire ?",
)
CALLEES = (
    "Allô ? Oui, je vous écoute.",
    "Smur de garde, bonjour. Nous pouvons partir dans deux minutes.",
)


def voices(texts: tuple[str, ...], folder: Path | None, speak: str = "") -> list[Pcm]:
    """The sound of each text.

    Args:
        texts: what to say.
        folder: where the spoken texts are kept; those not there yet are made. None: robots hum.
        speak: command line that speaks, given ``-w FILE TEXT`` (``pico2wave -l fr-FR``), and may write in the
            folder; empty, or where it fails: robots hum.
    """
    made = [_spoken(folder, text, shlex.split(speak)) if folder is not None else None for text in texts]
    return [hum(index) if sound is None else sound for index, sound in enumerate(made)]


def hum(seed: int) -> Pcm:
    """A stand-in for a sentence: a dozen syllables of changing height."""
    chance = np.random.default_rng(seed)
    base = chance.uniform(110, 220)
    syllables = [
        np.concatenate([_syllable(base * chance.uniform(0.85, 1.3)), silence(0.05)]) for _ in range(12)
    ]
    return np.concatenate(syllables)


def _syllable(hz: float) -> Pcm:
    parts = [tone(hz * harmonic, 0.17, level=0.3 / harmonic) for harmonic in (1, 2, 3, 4)]
    return np.sum(parts, axis=0, dtype=np.int32).clip(-32768, 32767).astype(np.int16)


def _spoken(folder: Path, text: str, speak: list[str]) -> Pcm | None:
    file = folder.absolute() / f"{_name(text)}.wav"
    if file.exists() or (speak and _speak(speak, text, file)):
        return read_wav(file)
    return None


def _name(text: str) -> str:
    words = "".join(letter if letter.isalnum() and letter.isascii() else "-" for letter in text.lower())
    return "-".join(word for word in words.split("-") if word)[:48]


def _speak(speak: list[str], text: str, file: Path) -> bool:
    """Have the text spoken into the file; whether it was."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_suffix(".part.wav")
    try:
        command = [*speak, "-w", str(draft), text]
        subprocess.run(command, capture_output=True, timeout=20, check=True)  # noqa: S603 - the operator's own
        draft.rename(file)
    except (OSError, subprocess.SubprocessError) as error:
        log.warning("voice_failed", reason=type(error).__name__)
        return False
    return True
