"""Sound, and what is in it: as the robots make and hear it."""

from simulator.hearing import MIN_SNR_DB, contains_tone, snr_db
from simulator.sound import RATE, Pcm, read_wav, resample, silence, tone, write_wav

__all__ = [
    "MIN_SNR_DB",
    "RATE",
    "Pcm",
    "contains_tone",
    "read_wav",
    "resample",
    "silence",
    "snr_db",
    "tone",
    "write_wav",
]
