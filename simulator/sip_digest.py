"""Answering a SIP digest challenge (RFC 3261 §22, SHA-256 by RFC 8760). Random only in its nonce."""

import hashlib
import re
import secrets

from simulator.sip_message import Request, Response, SipError, renewed, with_headers, without

_PARAMETER = re.compile(r'([A-Za-z0-9_\-]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^,\s]+)')
_DIGESTS = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}


def authorise(request: Request, response: Response, user: str, password: str) -> Request:
    """The same request again, in a new transaction, with an answer to the 401 or 407 that it met.

    Where several algorithms are offered, SHA-256 is preferred to MD5.

    Raises:
        SipError: no challenge that can be answered.
    """
    name = "WWW-Authenticate" if response.status == 401 else "Proxy-Authenticate"
    challenge = _choose([_challenge(value) for value in response.all(name)])
    value = _digest(challenge, request.method, request.uri, user, password)
    number, method = request.cseq
    again = without(request, "Authorization", "Proxy-Authorization", "CSeq")
    header = "Authorization" if response.status == 401 else "Proxy-Authorization"
    return renewed(with_headers(again, ("CSeq", f"{number + 1} {method}"), (header, value)))


def _challenge(value: str) -> dict[str, str]:
    scheme, _, rest = value.partition(" ")
    if scheme.lower() != "digest":
        return {}
    return {name.lower(): text.strip('"') for name, text in _PARAMETER.findall(rest)}


def _choose(challenges: list[dict[str, str]]) -> dict[str, str]:
    usable = [c for c in challenges if c.get("nonce") and c.get("algorithm", "MD5").upper() in _DIGESTS]
    if not usable:
        raise SipError("no challenge we can answer")
    return max(usable, key=lambda c: c.get("algorithm", "MD5").upper() == "SHA-256")


def _digest(challenge: dict[str, str], method: str, uri: str, user: str, password: str) -> str:
    algorithm = challenge.get("algorithm", "MD5")
    digest = _DIGESTS[algorithm.upper()]

    def hashed(*parts: str) -> str:
        return digest(":".join(parts).encode()).hexdigest()

    realm, nonce = challenge.get("realm", ""), challenge["nonce"]
    secret, action = hashed(user, realm, password), hashed(method, uri)
    values = {"username": user, "realm": realm, "nonce": nonce, "uri": uri}
    bare = {"algorithm": algorithm}
    if "auth" in [part.strip() for part in challenge.get("qop", "").split(",")]:
        client = secrets.token_hex(8)
        values |= {"response": hashed(secret, nonce, "00000001", client, "auth", action), "cnonce": client}
        bare |= {"qop": "auth", "nc": "00000001"}
    else:
        values["response"] = hashed(secret, nonce, action)
    if "opaque" in challenge:
        values["opaque"] = challenge["opaque"]
    quoted = [f'{name}="{value}"' for name, value in values.items()]
    return "Digest " + ", ".join(quoted + [f"{name}={value}" for name, value in bare.items()])
