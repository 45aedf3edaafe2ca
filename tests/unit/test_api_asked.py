"""What a client may ask of the stream: whatever is sent is read, or refused by name; nothing else happens."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.api_clients import Scope
from lrm_bridge.api.errors import ApiError, codes_of
from lrm_bridge.api.kinds import KINDS
from lrm_bridge.api.stream import wanted

pytestmark = pytest.mark.unit

EVERY = frozenset(Scope)


@pytest.mark.parametrize(
    ("types", "heard"),
    [
        ("", set(KINDS)),
        ("*", set(KINDS)),
        ("agent.*", {"agent.state"}),
        ("call.held, call.resumed", {"call.held", "call.resumed"}),
        ("call.held,unknown", {"call.held"}),
        (
            "recording.*,call.located",
            {name for name in KINDS if name.startswith("recording.")} | {"call.located"},
        ),
    ],
)
def test_patterns_of_types(types: str, heard: set[str]) -> None:
    assert wanted(None, "", types, EVERY).types == heard


def test_one_hears_what_one_may() -> None:
    assert wanted("7", "id", "", frozenset({Scope.PRESENCE_READ})).types == {"agent.state"}
    calls = wanted(None, "", "", frozenset({Scope.CALLS_READ})).types
    assert "call.ended" in calls
    assert "dossier.correlated" in calls
    assert not calls & {"call.located", "agent.state", "recording.available"}


@given(
    st.none() | st.text(max_size=30) | st.integers().map(str),
    st.text(max_size=80),
    st.text(max_size=200) | st.lists(st.sampled_from([*KINDS, "call.*", "[", "*", "?"])).map(",".join),
    st.frozensets(st.sampled_from(Scope)),
)
def test_anything_else_is_refused_by_name(
    after: str | None, event_id: str, types: str, scopes: frozenset[Scope]
) -> None:
    with suppress(ApiError):
        asked = wanted(after, event_id, types, scopes)
        assert asked.types
        assert all(KINDS[name].scope in scopes for name in asked.types)
        assert asked.after is None or 0 <= asked.after < 10**18


def test_every_code_has_one_status() -> None:
    assert "bad_request" in codes_of(422)
    assert ApiError("a code of tomorrow").status == 409
