"""Mode secours, seen from a core that is back: who is in Asterisk's own hands still, what happened meanwhile.

Callers who wait in the dialplan's queue are taken back to the waiting rooms, with their wait. Calls that strips
have taken there are left in peace until they end: the position counts as on a call (``FallbackCallFound``).
Each call that ended there is told to the journal once (``FallbackCallEnded``), abandoned ones included.
Handles ``SwitchUp`` and ``CallerUnclaimed``.
"""
