"""Verification words: the beginning of a digest as telephonists spell, to be compared by voice. Pure."""

SPELLING = (
    *("Anatole", "Berthe", "Célestin", "Désiré", "Eugène", "François", "Gaston", "Henri"),
    *("Irma", "Joseph", "Kléber", "Louis", "Marcel", "Nicolas", "Oscar", "Pierre"),
)
"""The French spelling alphabet, a word for each hexadecimal figure."""
COUNT = 8


def verification_words(digest: str) -> str:
    """The words of a digest: 32 bits of it. ``digest``: in hexadecimal."""
    return " ".join(SPELLING[int(figure, 16)] for figure in digest[:COUNT])
