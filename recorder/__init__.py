"""Recording: what Asterisk writes of each call, followed and listed in the journal.

Asterisk itself starts the recording, before any core has the call, so it never depends on this program. Emits
RecordingStarted, RecordingEnded, RecordingMissing. Handles LineOpened, PartyJoined, CallsMerged and CallEnded.

Instant recall: emits RecallPlayed and RecallEnded; handles PlayRecall, StopRecall and the switch's legs.
"""
