"""``/api/exports``, ``/api/erasures``, ``/api/grants``: what more than one person decides on."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.concurrency import iterate_in_threadpool
from starlette.responses import StreamingResponse

from core.accounts import Account
from core.custody import ExportRequest
from core.ids import AgentId
from recorder.custody.policy import Act, may_at_all
from recorder.custody.retention import Retention
from recorder.custody.service import Custody
from recorder.listening.exports import Exports
from recorder.listening.packages import Package
from recorder.listening.views import (
    ErasureShown,
    ExportShown,
    GrantShown,
    HoldShown,
    Names,
    NewExport,
    NewGrant,
    erasure_shown,
    export_shown,
    grant_shown,
    holds_shown,
    recording_id,
)
from web.auth import Gate, Identity, WebError


def custody_routes(custody: Custody, retention: Retention, exports: Exports, gate: Gate) -> APIRouter:
    """The routes of extracts, visas and grants."""
    router = APIRouter(prefix="/api", dependencies=[Depends(gate.checked)])
    logged_in = Depends(gate.logged_in)

    def shown(request: ExportRequest, account: Account, names: Names) -> ExportShown:
        own = request.by == account.agent_id
        return export_shown(
            request,
            exports.making(request.export_id),
            names,
            may_grant=not own and may_at_all(account.role, Act.GRANT_EXPORT),
            may_take=own and may_at_all(account.role, Act.TAKE_EXPORT),
        )

    @router.post("/recordings/{recording}/exports", status_code=201, response_model_exclude_none=True)
    async def ask(recording: str, asked: NewExport, identity: Annotated[Identity, logged_in]) -> ExportShown:
        account = identity.session.agent
        request = await custody.ask_export(account, recording_id(recording), **asked.model_dump())
        return shown(request, account, await custody.store.names())

    @router.get("/exports", response_model_exclude_none=True)
    async def requests(identity: Annotated[Identity, logged_in]) -> list[ExportShown]:
        account = identity.session.agent
        names = await custody.store.names()
        return [shown(request, account, names) for request in await custody.exports(account)]

    @router.post("/exports/{export}/grant", status_code=204)
    async def grant_export(export: str, identity: Annotated[Identity, logged_in]) -> None:
        await custody.decide_export(identity.session.agent, export, grant=True)

    @router.post("/exports/{export}/refuse", status_code=204)
    async def refuse_export(export: str, identity: Annotated[Identity, logged_in]) -> None:
        await custody.decide_export(identity.session.agent, export, grant=False)

    @router.post("/exports/{export}/make", status_code=202)
    async def make(export: str, identity: Annotated[Identity, logged_in]) -> None:
        await exports.make(identity.session.agent, export)

    @router.get("/exports/{export}/file")
    async def take(export: str, identity: Annotated[Identity, logged_in]) -> StreamingResponse:
        package = await exports.take(identity.session.agent, export)
        headers = {
            "Content-Disposition": f'attachment; filename="{package.name}"',
            "Content-Length": str(package.octets),
        }
        return StreamingResponse(_handed_over(package), 200, headers, "application/zip")

    @router.get("/erasures", response_model_exclude_none=True)
    async def erasures(identity: Annotated[Identity, logged_in]) -> list[ErasureShown]:
        account = identity.session.agent
        if not may_at_all(account.role, Act.GRANT_ERASURE):
            raise WebError(403, "not_allowed")
        names = await custody.store.names()
        batches = await custody.store.erasures()
        return [erasure_shown(each, names, may_grant=each.by != account.agent_id) for each in batches]

    @router.post("/erasures", status_code=204)
    async def propose(identity: Annotated[Identity, logged_in]) -> None:
        await retention.propose(identity.session.agent)

    @router.post("/erasures/{batch}/visa", status_code=204)
    async def visa(batch: str, identity: Annotated[Identity, logged_in]) -> None:
        await retention.grant(identity.session.agent, batch)

    @router.get("/grants", response_model_exclude_none=True)
    async def grants(identity: Annotated[Identity, logged_in]) -> list[GrantShown]:
        names, now = await custody.store.names(), exports.now()
        return [grant_shown(each, names, now) for each in await custody.grants(identity.session.agent)]

    @router.post("/grants", status_code=204)
    async def grant(asked: NewGrant, identity: Annotated[Identity, logged_in]) -> None:
        await custody.grant_auditor(
            identity.session.agent,
            AgentId(asked.auditor),
            reason=asked.reason,
            expires_at=exports.now() + timedelta(days=asked.days),
            since=asked.since,
            until=asked.until,
            line=asked.line,
        )

    @router.post("/grants/{grant}/end", status_code=204)
    async def end_grant(grant: str, identity: Annotated[Identity, logged_in]) -> None:
        await custody.end_grant(identity.session.agent, grant)

    @router.get("/holds", response_model_exclude_none=True)
    async def holds(identity: Annotated[Identity, logged_in]) -> list[HoldShown]:
        if not may_at_all(identity.session.agent.role, Act.HOLD):
            raise WebError(403, "not_allowed")
        return holds_shown(await custody.store.holds(), await custody.store.names())

    return router


async def _handed_over(package: Package) -> AsyncIterator[bytes]:
    """The file, once: whatever becomes of the way to the browser, it is deleted."""
    try:
        async for piece in iterate_in_threadpool(package.pieces()):
            yield piece
    finally:
        package.drop()
