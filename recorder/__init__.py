"""Recording: what Asterisk writes of each call, followed and listed in the journal.

Asterisk itself starts the recording, before any core has the call, so it never depends on this program. Emits
RecordingStarted, RecordingEnded, RecordingMissing. Handles LineOpened, PartyJoined, CallsMerged and CallEnded.

Where the centre allows it, agents have moments left out: emits RecordingPaused and RecordingResumed; handles
PauseRecording, ResumeRecording, and whatever changes who is in a call.

Instant recall: emits RecallPlayed and RecallEnded; handles PlayRecall, StopRecall and the switch's legs.
"""
