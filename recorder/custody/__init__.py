"""Custody: who may find, hear, export and erase which recording; for how long each is kept; and the catalogue.

Runs in the archive, never in a core. The catalogue is a fold of the journal and of the chain: it can always be
made anew.
Handles the journal's recordings, notes and dossiers; adds the entries of ``core/custody.py`` to the chain.
"""
