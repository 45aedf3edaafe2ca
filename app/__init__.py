"""The one composition root: settings, wiring, command line, and the launcher of the whole stack.

Every adapter is chosen and every listener subscribed here, and nowhere else.
"""
