"""An agent's LRM, simulated: it serves the published contract and shows on a page what it was told.

``contract`` reads what the strip sends, ``book`` keeps the last calls, ``app`` serves both the contract and the
page, ``faults`` makes it slow or unwilling on purpose. Nothing is written to disk.
"""
