"""Errors of the API as programs read them: RFC 9457, with a stable ``code``."""

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.responses import JSONResponse

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """What went wrong. ``code`` never changes its meaning; ``title`` is for people. Nothing sent is in it."""

    status: int
    code: str
    title: str
    type: str = "about:blank"


_TITLES: dict[str, tuple[int, str]] = {
    "bad_request": (422, "The request is not as the API's description says."),
    "idempotency_key_reused": (422, "This Idempotency-Key was used for another request."),
    "bad_number": (422, "This is no telephone number."),
    "number_not_allowed": (422, "The centre may not call this number."),
    "no_trunk": (422, "The centre has no operator by which to call numbers."),
    "url_not_allowed": (422, "This address may not be told of events: https, and no private address."),
    "no_token": (401, "A token is needed: Authorization: Bearer …"),
    "bad_token": (401, "This token is unknown, or revoked."),
    "scope_missing": (403, "This client does not have the scope that this needs."),
    "https_required": (403, "Tokens are only taken over HTTPS."),
    "unknown_agent": (404, "No such agent is at work."),
    "unknown_call": (404, "No such call is known; calls are remembered for a day."),
    "unknown_webhook": (404, "This client has no such webhook."),
    "not_found": (404, "There is nothing at this address."),
    "method_not_allowed": (405, "This address does not take this method."),
    "two_calls": (409, "The agent has a call, and another one on hold."),
    "conference": (409, "The agent is in a conference."),
    "no_audio": (409, "The agent's sound is not ready."),
    "no_call": (409, "The agent is in no call."),
    "busy": (409, "The agent cannot take a call now."),
    "too_many_webhooks": (409, "This client has as many webhooks as it may have."),
    "too_many_requests": (429, "Too many requests: wait a second."),
    "too_many_streams": (429, "This client has as many streams open as it may have."),
    "unavailable": (503, "The centre cannot do this now; calls go on. Try again in a moment."),
}


class ApiError(Exception):
    """A request refused, with a stable code. A code that has no card is told as ``busy``."""

    def __init__(self, code: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.status, self.title = _TITLES.get(code, _TITLES["busy"])
        self.headers = dict(headers or {})

    def response(self) -> JSONResponse:
        """The answer to send."""
        told = {"type": "about:blank", "title": self.title, "status": self.status, "code": self.code}
        return JSONResponse(told, self.status, self.headers, MEDIA_TYPE)


def codes_of(status: int) -> list[str]:
    """The codes that may come with a status."""
    return [code for code, (its, _) in _TITLES.items() if its == status]
