"""A client of the centre's API for makers of dispatch record software (LRM).

::

    async with LrmApi("https://centre:8443", token) as api:
        call = await api.place_call("899700000001", "+33199000123", dossier_id="D-7")
        async for message in api.stream():
            ...

It needs nothing else of the project: only ``httpx2``, ``websockets`` and ``msgspec``. Asynchronous throughout.
"""

from lrm_client.api import LrmApi as LrmApi
from lrm_client.errors import ApiRefused as ApiRefused
from lrm_client.errors import ApiUnreachable as ApiUnreachable
from lrm_client.errors import WebhookForged as WebhookForged
from lrm_client.shown import Agent as Agent
from lrm_client.shown import Call as Call
from lrm_client.shown import CallLocation as CallLocation
from lrm_client.shown import DeadLetter as DeadLetter
from lrm_client.shown import Event as Event
from lrm_client.shown import Recording as Recording
from lrm_client.shown import Snapshot as Snapshot
from lrm_client.shown import Webhook as Webhook
from lrm_client.stream import EventStream as EventStream
from lrm_client.webhook import verified as verified
