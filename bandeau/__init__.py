"""The call strip: its live session, the position behind it, and the position's readiness.

Emits PositionReadinessChanged and PositionMuted; executes every command an agent gives from the strip, and
LogIn, LogOut around a session. Handles all events (it shows them), and from the switch the audio legs.
"""
