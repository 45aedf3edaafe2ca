"""From the settings of a centre to who is banned from its SIP door."""

from app.settings import Settings
from guard.policy import BanRules


def ban_rules(settings: Settings) -> BanRules:
    """Trunks, neighbours, the operator's address and this machine are never banned."""
    guard = settings.guard
    known = [address for addresses in settings.asterisk.trunks.values() for address in addresses]
    known += [address for each in settings.mutual_aid.neighbours.values() for address in each.addresses]
    return BanRules(
        refusals=guard.refusals,
        window=guard.window_seconds,
        first_ban=guard.ban_seconds,
        trusted=("127.0.0.0/8", "::1/128", *known, *guard.trusted),
    )
