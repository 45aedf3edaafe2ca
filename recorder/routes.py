"""What pages are told of the recording of calls."""

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict

from core.words import WhyUnrecorded
from recorder.policy import PauseRules
from web.auth import Gate, Identity


class PauseAllowed(BaseModel):
    """For what an agent may have a moment of which calls left out of the recording. No reason: for nothing."""

    model_config = ConfigDict(frozen=True)

    reasons: tuple[WhyUnrecorded, ...] = ()
    lines: tuple[str, ...] = ()
    """Of whose calls alone; empty: of all."""


def recording_routes(gate: Gate, rules: PauseRules) -> APIRouter:
    """The routes under ``/api/recording``."""
    router = APIRouter(prefix="/api/recording")

    @router.get("/pause")
    async def pause(identity: Annotated[Identity, Depends(gate.known)]) -> PauseAllowed:
        if identity.session.agent.role not in rules.roles:
            return PauseAllowed()
        return PauseAllowed(reasons=rules.reasons, lines=tuple(sorted(rules.lines)))

    return router
