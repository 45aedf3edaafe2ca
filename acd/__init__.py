"""Distribution: the waiting room, the positions' states, and who is offered which call.

Emits CallQueued, CallOffered, OfferWithdrawn, OfferAccepted, AgentLoggedIn, AgentLoggedOut and
PositionStateChanged. Handles CallOriented, CallEnded, OfferWithdrawn (when the audio could not be joined),
PositionReadinessChanged, and the commands LogIn, LogOut, AcceptOffer, DeclineOffer, Pause, GoReady.
"""
