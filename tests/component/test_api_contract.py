"""Our own OpenAPI description, held against the real server: generated requests, valid and invalid."""

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from jsonschema import Draft202012Validator
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from lrm_bridge.api.documents import PREFIX
from lrm_bridge.api.door import DoorLimits
from tests.support.api import AGENT, ApiCentre, api_centre, description
from web.rates import Rates

pytestmark = pytest.mark.component


class World:
    """A centre that serves its API, in a thread of its own: the generator of requests is not asynchronous."""

    def __init__(self, folder: Path) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._served = api_centre(folder)
        self.centre: ApiCentre
        self.token = ""

    def do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    def __enter__(self) -> "World":
        self._thread.start()
        self.centre = self.do(self._served.__aenter__())
        self.token = self.do(self.centre.token())
        self.do(self._people())
        return self

    async def _people(self) -> None:
        door = self.centre.core.api.door
        door.limits = DoorLimits(per_second=1e6, burst=1e6)
        door._rates = door._bad = Rates(1e6, 1e6, 10)
        self.centre.agent()
        self.centre.caller()

    def __exit__(self, *_: object) -> None:
        self.do(self._served.__aexit__(None, None, None))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    @property
    def url(self) -> str:
        return self.centre.url + PREFIX


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with World(tmp_path_factory.mktemp("contract")) as world:
        yield world


MEANING = [positive_data_acceptance]
"""Not asked for: a well-formed address or number may still be one that the centre does not allow (422)."""
SCHEMA = schemathesis.openapi.from_dict(description())
OPERATIONS: list[Any] = [each.ok() for each in SCHEMA.get_all_operations()]  # type: ignore[union-attr]


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.label)
def test_requests_are_answered_as_described(operation: Any, world: World) -> None:
    """Whatever is sent, by who may do all: status, type and body of the answer are among those described."""

    @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy() | operation.as_strategy(generation_mode=GenerationMode.NEGATIVE))
    def ask(case: Any) -> None:
        answer = case.call(base_url=world.url, headers={"Authorization": f"Bearer {world.token}"}, timeout=20)
        case.validate_response(answer, excluded_checks=MEANING)

    ask()


def test_the_description_is_good_to_read(world: World) -> None:
    """Every operation says what it is for, which scope it needs by its refusals, and has a name of its own."""
    document = httpx2.get(f"{world.url}/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    operations = [each for path in document["paths"].values() for each in path.values()]
    assert len(operations) > 15
    names = [each["operationId"] for each in operations]
    assert len(set(names)) == len(names)
    for each in operations:
        assert each["summary"]
        assert each["tags"]
        assert {"401", "403", "422", "429", "503"} <= set(each["responses"])
        for status, answer in each["responses"].items():
            assert answer["description"]
            if status >= "400":
                assert list(answer["content"]) == ["application/problem+json"]
    for component in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(component)
    wanted = document["components"]["schemas"]["CallWanted"]["examples"][0]
    headers = {"Authorization": f"Bearer {world.token}", "Idempotency-Key": "example"}
    answer = httpx2.post(f"{world.url}/agents/{AGENT}/calls", json=wanted, headers=headers)
    assert answer.status_code in (202, 409), answer.text
