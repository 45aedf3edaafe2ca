"""Errors that reach a person. Each has a stable ``code``; its text is looked up where it is shown."""


class BandeauError(Exception):
    """Base of every error the project raises on purpose."""

    code = "error"


class CommandRefused(BandeauError):
    """A command asked for something the current state does not allow. Nothing was changed."""

    code = "refused"

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(detail or code)
        self.code = code


class UnknownEvent(BandeauError):
    """A stored or received event has a type, version or field that this program does not know."""

    code = "unknown_event"


class SwitchUnavailable(BandeauError):
    """Asterisk is not connected: the order was not sent."""

    code = "switch_unavailable"


class SwitchRefused(BandeauError):
    """Asterisk refused an order. ``status`` is its HTTP-like status (404: the channel is gone)."""

    code = "switch_refused"

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(f"{status} {detail}")
        self.status = status


class LocatorUnavailable(BandeauError):
    """Who knows where numbers are does not answer, or answers rubbish. Calls do not need it."""

    code = "locator_unavailable"


class ConfigurationError(BandeauError):
    """A setting is missing or wrong. The text says which one and what to do."""

    code = "configuration"


class StorageUnavailable(BandeauError):
    """The database does not answer: what was asked of it could not be done. Calls do not need it."""

    code = "storage_unavailable"


class LeaseLost(BandeauError):
    """Another core has this one's place: nothing may be ordered nor written any more."""

    code = "lease_lost"


class AccountRefused(BandeauError):
    """An account could not be made or changed. ``code`` says why; nothing was changed.

    Codes: ``login_invalid``, ``login_taken``, ``agent_taken``, ``unknown_login``, ``password_length``.
    """

    code = "account_refused"

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(detail or code)
        self.code = code
