"""The wallboard, the metrics and the alarms: what the room is doing now, what it did today, and what is wrong.

Emits ``AlarmRaised`` and ``AlarmCleared``. Handles every event: it shows and counts them.
"""
