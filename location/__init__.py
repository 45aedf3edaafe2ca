"""Where callers are, as handsets (AML), trunks (PIDF-LO), neighbours and the operators' platform (PFLAU) tell.

Emits ``CallerLocated``, ``LocationKept``, ``LocationAsked``, ``LocationMissing``; handles ``LocateCaller``.
Positions are matched to live calls by number, and kept for a while when they come first; ``policy.py`` chooses
the best one. ``communes.py`` names the nearest commune, offline.
"""
