"""The wallboard and the metrics: what the room is doing now, and what it did today.

Emits nothing. Handles every event: it shows and counts them.
"""
