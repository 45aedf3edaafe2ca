"""The life of one call: its parties, where their sound goes, and its one outcome.

Emits CallArrived, LineOpened, CallAnswered, CallHeld, CallResumed, CallPlaced, PartyInvited, PartyRinging,
PartyJoined, PartyNotReached, PartyLeft, PartyMuted, CallsMerged, TransferStarted, TransferFailed, DigitsSent,
CallEnded (and OfferWithdrawn when the sound could not be joined). Handles the switch's events, OfferAccepted,
OfferWithdrawn, CallQueued, OverflowTriggered, CallDismissed, ScriptEnded, and every command about a call that
an agent has or begins.
"""
