"""The telephone directory: whom to call, favourites, import and export. Searched in the page, even alone.

Emits DirectoryChanged. Handles nothing: it is reference data, kept in tables, with an event for who changed it.
"""
