"""The one way in which JSON is written where its octets are digested or kept. Pure."""

import json


def canonical(value: object) -> bytes:
    """Write JSON with sorted keys, no spaces, as UTF-8, without NaN."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()
