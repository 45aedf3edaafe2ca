"""Distribution: waiting rooms of both levels, the positions' states, and who is offered which call, and why.

Emits CallQueued, CallPrioritised, CallOffered, OfferWithdrawn, OfferAccepted, OverflowTriggered, CallDismissed,
CheckBackDue, CallCheckedBack, ParkedCallerLeft, RoomRuleChanged, AgentLoggedIn, AgentLoggedOut,
PositionStateChanged, and PartyNotReached for a position that cannot be asked. Handles CallOriented, CallPlaced,
CallEnded, CallsMerged, TransferStarted and TransferFailed, PartyInvited, PartyLeft and PartyNotReached,
OfferWithdrawn (when the audio could not be joined), PositionReadinessChanged, and the commands LogIn, LogOut,
AcceptOffer, DeclineOffer, TakeCall, ChangePriority, CheckedBack, ChangeRoomRule, Pause and GoReady.
"""
