"""Strangers at the SIP door: counts what Asterisk refuses, and bans the source for a time.

Emits SecurityIncidentSeen, SourceBanned and SourceReleased. Handles those two (a core that starts knows who is
banned) and SwitchConnected (an Asterisk that starts knows nobody).
"""
