"""The abandoned-call desk: every caller lost before a person could help becomes an item to call back.

Emits LostCallFiled, ItemTaken, ItemReleased, ItemNoted, ItemClosed and ItemKept. Handles the events of calls
(to see who is lost, who rings again, who was called back), and the commands TakeItem, ReleaseItem, CallBack,
CloseItem and NoteItem. Gives PlaceCall.
"""
