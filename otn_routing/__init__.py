"""The national entry: which centre and which access takes a call.

Empty for now: the embedded default has one centre, whose trunks reach its own Asterisk directly.
"""
