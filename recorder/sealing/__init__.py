"""Sealing: what becomes of a recording once its call is over, so that nobody can hear or alter it unseen.

Both tracks are kept bit-exact, a levelled copy is made for listening, all of it is encrypted with a key of its
own, published in an archive, and put on a chain of digests that is signed every day. Runs in the archive's
processes, never in a core's. docs/adr/0029 says what it protects from.
"""
