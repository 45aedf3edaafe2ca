"""The call strip: its live session, the position behind it, and the position's readiness.

Emits PositionReadinessChanged, PositionMuted, NetworkMeasured and what happens to telephones that carry a
position's sound (Phone…); executes every command an agent gives from the strip, and
LogIn, LogOut around a session. Handles all events (it shows them), and from the switch the audio legs.
"""
