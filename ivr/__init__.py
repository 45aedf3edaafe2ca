"""SVI: what a caller hears before the waiting room.

Emits WelcomeEnded and CallOriented. Handles LineOpened, CallEnded, and the switch's digits and playbacks.
"""
