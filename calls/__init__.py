"""The life of one call: from its arrival at the centre to its one outcome.

Emits CallArrived, LineOpened, CallAnswered, CallHeld, CallResumed, CallEnded (and OfferWithdrawn when the audio
could not be joined). Handles the switch's caller events, OfferAccepted, and the commands HangUp, HoldCall,
ResumeCall.
"""
