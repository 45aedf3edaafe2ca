"""SVI: the call flows of the centre's plan, and the interpreter that runs them.

Emits ScriptAdvanced, ScriptFailed, ScriptEnded, CallOriented, CallDiverted, CallbackRequested, CallPrioritised,
CallerSilent and CallerSpoke. Handles PlanActivated, LineOpened, CallEnded, PartyNotReached, what happens in
waiting rooms, and the switch's digits, playbacks and talking.
"""
