"""Listening to what was recorded: search, the sound by the range, extracts, and the page of the recordings.

Runs in the archive, never in a core, and writes nothing itself: what somebody does goes through
``recorder.custody``, which has it in the chain before it happens. Sound is decrypted as it is asked for, and
never lies readable on a disk.
"""
