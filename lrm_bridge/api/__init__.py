"""The API for LRM makers, beside the published contract: requests, an event stream, webhooks.

``shown`` is what is on the wire, ``model`` folds it from the journal, ``kinds`` lists the public events,
``log`` keeps the last ones for streams and webhooks. ``door`` knows clients. Emits nothing of its own: what
programs ask for is carried out as commands.
"""
