"""Fault runs: a centre with calls in every state is hurt, and must have lost nothing.

Each run has a seed, which decides who calls when and when what goes wrong: the same seed gives the same plan.
The callers' own logs, kept outside the centre, are what the ledger is held against (:mod:`app.audit`).
"""
