"""What may go wrong."""


class ApiRefused(Exception):
    """The centre refuses a request. ``code`` is stable: see the API's description."""

    def __init__(self, status: int, code: str, title: str = "") -> None:
        super().__init__(f"{status} {code}: {title}" if title else f"{status} {code}")
        self.status = status
        self.code = code


class ApiUnreachable(Exception):
    """The centre does not answer: whether it did what was asked is not known."""


class WebhookForged(Exception):
    """What came to a webhook was not signed by the centre, or not just now."""
