"""Requests to the API."""

import asyncio
import ssl
from collections.abc import Iterable
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import quote, urlsplit
from uuid import uuid4

import httpx2
import msgspec

from lrm_client.errors import ApiRefused, ApiUnreachable
from lrm_client.shown import Agent, Call, CallLocation, DeadLetter, Recording, Snapshot, Webhook
from lrm_client.stream import EventStream

T = TypeVar("T")
PREFIX = "/api/lrm/v1"
TIMEOUT_S = 10.0
TRIES = 3
"""Of a request that may be sent twice."""
PAUSE_S = 0.3


class _Calls(msgspec.Struct):
    calls: list[Call]


class _Placed(msgspec.Struct):
    call: Call | None


class _Agents(msgspec.Struct):
    agents: list[Agent]


class _Locations(msgspec.Struct):
    locations: list[CallLocation]


class _Recordings(msgspec.Struct):
    recordings: list[Recording]


class _Webhooks(msgspec.Struct):
    webhooks: list[Webhook]


class _WithSecret(msgspec.Struct):
    webhook: Webhook
    secret: str


class _DeadLetters(msgspec.Struct):
    dead_letters: list[DeadLetter]


class LrmApi:
    """The API of one centre. Use as an async context manager.

    Every method raises ApiRefused where the centre refuses, and ApiUnreachable where it does not answer.

    Args:
        url: of the centre's pages: ``https://centre:8443``.
        token: of this client.
        tls: how to know the centre by its certificate; by default the system's authorities.
    """

    def __init__(self, url: str, token: str, tls: ssl.SSLContext | None = None) -> None:
        self._url = url.rstrip("/") + PREFIX
        self._token = token
        self._tls = tls
        self._http = httpx2.AsyncClient(
            headers={"Authorization": f"Bearer {token}"},
            timeout=TIMEOUT_S,
            verify=tls if tls is not None else True,
            trust_env=False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    # --- calls and agents -------------------------------------------------------------------------------

    async def snapshot(self) -> Snapshot:
        """Everything that is going on."""
        return await self._get(Snapshot, "/snapshot")

    async def calls(self) -> list[Call]:
        """The live calls."""
        return (await self._get(_Calls, "/calls")).calls

    async def call(self, call_id: str) -> Call:
        """One call, live or of the last day."""
        return await self._get(Call, f"/calls/{_in_path(call_id)}")

    async def agents(self) -> list[Agent]:
        """Who is at work."""
        return (await self._get(_Agents, "/agents")).agents

    async def agent(self, agent_id: str) -> Agent:
        """One agent."""
        return await self._get(Agent, f"/agents/{_in_path(agent_id)}")

    async def location(self, call_id: str) -> list[CallLocation]:
        """Where a caller is: the best position first."""
        return (await self._get(_Locations, f"/calls/{_in_path(call_id)}/location")).locations

    async def recordings(self, call_id: str) -> list[Recording]:
        """The recordings of a call."""
        return (await self._get(_Recordings, f"/calls/{_in_path(call_id)}/recordings")).recordings

    async def calls_of(self, dossier_id: str) -> list[Call]:
        """The calls of a dossier."""
        return (await self._get(_Calls, f"/dossiers/{_in_path(dossier_id)}/calls")).calls

    async def recordings_of(self, dossier_id: str) -> list[Recording]:
        """The recordings of a dossier."""
        return (await self._get(_Recordings, f"/dossiers/{_in_path(dossier_id)}/recordings")).recordings

    async def place_call(
        self, agent_id: str, number: str, *, dossier_id: str | None = None, key: str | None = None
    ) -> Call | None:
        """Click-to-call. Its ``result`` then changes: :meth:`call`, or the stream.

        ``None``: the agent's own telephone is rung first; ask again with the same ``key``.

        Args:
            agent_id: who is to call (``idNatPs``).
            number: whom.
            dossier_id: the dossier that the call belongs to.
            key: yours for this click: sent again it leads to the same call. By default a new one.
        """
        body: dict[str, Any] = {"number": number}
        if dossier_id is not None:
            body["dossier_id"] = dossier_id
        headers = {"Idempotency-Key": key or str(uuid4())}
        path = f"/agents/{_in_path(agent_id)}/calls"
        placed: _Placed = await self._ask(_Placed, "POST", path, body, headers)
        return placed.call

    async def correlate(
        self,
        call_id: str,
        dossier_id: str,
        agent_id: str,
        priority: str | None = None,
        **shown: Any,
    ) -> Call:
        """Say which dossier a call belongs to; ``current``: the call that the agent hears.

        ``shown``: what agents see of it on the strip, ``place``, ``caller`` and ``patients`` as the API's
        description says.
        """
        body = {"dossier_id": dossier_id, "agent_id": agent_id, "priority": priority, **shown}
        return await self._ask(Call, "PUT", f"/calls/{_in_path(call_id)}/dossier", body)

    def stream(self, types: Iterable[str] = (), place: tuple[int, str] | None = None) -> EventStream:
        """The event stream; ``place``: where another one stopped."""
        url = urlsplit(self._url)._replace(scheme="wss" if self._url.startswith("https") else "ws")
        return EventStream(f"{url.geturl()}/stream", self._token, types, place, self._tls)

    async def raw(self, path: str) -> tuple[int, bytes]:
        """What a GET of this path of the API answers, as it is: status and body. For consoles and curiosity.

        Raises:
            ApiUnreachable: nothing.
        """
        try:
            answer = await self._http.get(f"{self._url}/{path.lstrip('/')}")
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise ApiUnreachable(type(error).__name__) from error
        return answer.status_code, answer.content

    # --- webhooks ---------------------------------------------------------------------------------------

    async def webhooks(self) -> list[Webhook]:
        """This client's webhooks."""
        return (await self._get(_Webhooks, "/webhooks")).webhooks

    async def webhook(self, webhook_id: str) -> Webhook:
        """One webhook, and how it goes."""
        return await self._get(Webhook, f"/webhooks/{webhook_id}")

    async def add_webhook(self, url: str, types: Iterable[str]) -> tuple[Webhook, str]:
        """Have an address told of events; the webhook, and the secret that signs what it is told."""
        made = await self._once(_WithSecret, "POST", "/webhooks", {"url": url, "types": list(types)})
        return made.webhook, made.secret

    async def rotate(self, webhook_id: str) -> tuple[Webhook, str]:
        """Have a new secret; the former one signs too for a day."""
        made = await self._once(_WithSecret, "POST", f"/webhooks/{webhook_id}/rotate")
        return made.webhook, made.secret

    async def replay(self, webhook_id: str, after: int | None = None) -> Webhook:
        """Be told again what came after a place, or go on where it was stopped."""
        query = "" if after is None else f"?after={after}"
        return await self._ask(Webhook, "POST", f"/webhooks/{webhook_id}/replay{query}")

    async def remove_webhook(self, webhook_id: str) -> None:
        """Have it told no more."""
        await self._ask(type(None), "DELETE", f"/webhooks/{webhook_id}")

    async def dead_letters(self, webhook_id: str) -> list[DeadLetter]:
        """What it could not be told."""
        return (await self._get(_DeadLetters, f"/webhooks/{webhook_id}/dead-letters")).dead_letters

    # --- requests ---------------------------------------------------------------------------------------

    async def _get(self, kind: type[T], path: str) -> T:
        return await self._ask(kind, "GET", path)

    async def _ask(
        self, kind: type[T], method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> T:
        """A request that means the same when it is sent twice: sent again where no answer comes."""
        for left in reversed(range(TRIES)):
            try:
                return await self._once(kind, method, path, body, headers)
            except ApiUnreachable:
                if not left:
                    raise
            except ApiRefused as error:
                if error.status != 503 or not left:
                    raise
            await asyncio.sleep(PAUSE_S)
        raise AssertionError("the last try returns or raises")

    async def _once(
        self, kind: type[T], method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> T:
        try:
            answer = await self._http.request(method, self._url + path, json=body, headers=headers)
        except httpx2.HTTPError as error:
            raise ApiUnreachable(type(error).__name__) from error
        if answer.status_code >= 400:
            raise _refused(answer)
        return msgspec.json.decode(answer.content or b"null", type=kind)


def _refused(answer: httpx2.Response) -> ApiRefused:
    try:
        told = msgspec.json.decode(answer.content, type=dict[str, Any])
    except msgspec.DecodeError:
        told = {}
    return ApiRefused(answer.status_code, str(told.get("code", "refused")), str(told.get("title", "")))


def _in_path(identifier: str) -> str:
    return quote(identifier, safe="")
