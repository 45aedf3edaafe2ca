"""The API for LRM makers, put together for one core."""

from dataclasses import dataclass

from core.api_clients import ApiClients, Webhooks
from core.ports import Bus, Clock
from lrm_bridge.api.asking import Asking
from lrm_bridge.api.door import Door
from lrm_bridge.api.log import EventLog
from lrm_bridge.api.sender import HttpSender
from lrm_bridge.api.site import Api
from lrm_bridge.api.webhooks import WebhookService
from lrm_bridge.inbound import LrmRequests


@dataclass(frozen=True, kw_only=True, slots=True)
class ApiAdapters:
    """What the API touches the world with."""

    clients: ApiClients
    webhooks: Webhooks
    sender: HttpSender


def lrm_api(bus: Bus, clock: Clock, adapters: ApiAdapters, requests: LrmRequests) -> Api:
    """Make the API of a core; it follows the bus from here on. ``requests``: what any LRM may ask."""
    events = EventLog()
    bus.project(events.fold)
    return Api(
        events,
        Asking(events, requests),
        Door(adapters.clients, clock),
        WebhookService(events, adapters.webhooks, adapters.sender, clock),
        adapters.sender,
        clock,
    )
