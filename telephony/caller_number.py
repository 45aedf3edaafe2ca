"""Who calls, from what a trunk says. Pure."""

from collections.abc import Container

from core.numbers import e164
from core.words import CallerNumber


def described(words: str, test_callers: Container[str] = ()) -> CallerNumber:
    """Read what the dialplan noted of a caller: ``number/presentation/privacy/from/mark``, each filtered.

    The caller withheld the number when the network says so (restricted presentation, a Privacy header) or when
    From carries no digit before its ``@`` (anonymous@anonymous.invalid). ``number`` is P-Asserted-Identity's,
    else From's.

    Args:
        words: as noted; anything else is a hidden number.
        test_callers: E.164 numbers of the continuous test robot.
    """
    match words.split("/"):
        case [number, presentation, privacy, sender, mark]:
            shown = presentation.startswith("allowed") and privacy in ("", "none") and sender.partition("@")[0]
            known = e164(number) if shown else None
            return CallerNumber(e164=known, test=mark == "1" or known in test_callers)
    return CallerNumber()
