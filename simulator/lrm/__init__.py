"""An agent's LRM, simulated: a small dispatch record software, and a test bench for makers of real ones.

``contract`` reads what the strip sends, ``book`` keeps the last calls, ``dossiers`` what agents write;
``strip`` speaks the LRM's half of the published contract, ``centre`` the modern API; ``exchanges`` keeps what
went over the wires; ``app`` serves the contract and the pages; ``faults`` makes it slow or unwilling on
purpose. Nothing is written to disk.
"""
