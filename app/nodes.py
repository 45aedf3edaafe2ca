"""The Asterisks of a centre, from its settings."""

from app.settings import Settings
from core.nodes import Nodes


def nodes_of(settings: Settings) -> Nodes:
    """Their names, and how the ids of their channels begin."""
    return Nodes.of_centre(settings.centre.id, tuple(settings.every_asterisk))
