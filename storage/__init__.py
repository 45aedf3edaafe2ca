"""Everything kept: the journal of events, its ledger of calls, accounts and sessions.

Owns the local spool (where each event is written first) and is the only code that opens the database.
Implements the ports ``JournalWriter``, ``JournalReader``, ``Accounts`` and ``Sessions``. Emits and handles no
event.
"""
