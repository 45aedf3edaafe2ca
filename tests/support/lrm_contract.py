"""The published contract, for generating what may and may not be sent. Absent: the tests that need it skip."""

import copy
import json
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from setup.places import CHECKOUT

if TYPE_CHECKING:
    from schemathesis.schemas import APIOperation

FOLDER = CHECKOUT.parent / "shared" / "interfaces" / "lrm"
TOWARDS_LRM = "swagger-lrm.json"
TOWARDS_STRIP = "swagger-si-samu.json"


@cache
def _contract(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / name).read_text())
    return found


def contract(name: str) -> dict[str, Any]:
    """One of its files. Skips the test where the published contracts are not beside the checkout."""
    if not (FOLDER / name).is_file():
        pytest.skip(f"the published contract is not at {FOLDER / name}")
    return copy.deepcopy(_contract(name))


def operation(name: str, operation_id: str) -> "APIOperation[Any, Any, Any, Any]":
    """One operation, ready to generate requests.

    One pattern of the contract lacks its anchors (``P[0-3]|NR``): read as it is meant, by the whole value.
    """
    import schemathesis  # seconds of import, which most tests of the contract need not pay

    raw = contract(name)
    if "CorrelationDossier" in raw["definitions"]:
        raw["definitions"]["CorrelationDossier"]["properties"]["prioriteRegul"]["pattern"] = "^(P[0-3]|NR)$"
    schema = schemathesis.openapi.from_dict(raw)
    return schema.find_operation_by_id(operation_id)


def statuses(name: str, operation_id: str) -> set[int]:
    """What an operation may answer."""
    for methods in contract(name)["paths"].values():
        for each in methods.values():
            if each["operationId"] == operation_id:
                return {int(status) for status in each["responses"]}
    raise LookupError(operation_id)


def definition(name: str, title: str) -> dict[str, Any]:
    """A body's schema that stands alone."""
    raw = contract(name)
    return {**raw["definitions"][title], "definitions": raw["definitions"]}
