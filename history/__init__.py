"""What agents remember of calls: each agent's recent calls, and notes on calls.

Emits CallNoted. Handles the command NoteCall, and the events that say who handled which call.
"""
