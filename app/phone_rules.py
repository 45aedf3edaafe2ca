"""From the settings of a centre to the telephones that may carry positions' sound."""

from app.settings import Settings
from bandeau.phone_policy import PhoneRules
from core.ids import PositionId


def phone_rules(settings: Settings) -> PhoneRules:
    """Which telephones may be used, and how: numbers are among those that may be called at all."""
    remote, outgoing = settings.remote, settings.outgoing
    return PhoneRules(
        trunk=remote.telephone and bool(outgoing.host),
        prefixes=remote.prefixes or outgoing.prefixes,
        refused_prefixes=outgoing.refused_prefixes,
        sip_phones=frozenset(remote.sip_phones),
        modes=remote.modes,
        set_by_position={PositionId(name): number for name, number in remote.by_position.items()},
        presented=outgoing.presented,
        code=remote.code,
        ring_seconds=remote.ring_seconds,
        confirm_seconds=remote.confirm_seconds,
    )
