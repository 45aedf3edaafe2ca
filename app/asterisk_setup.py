"""From the settings of a centre to the Asterisk that serves it."""

from pathlib import Path

from app.asterisk_process import AsteriskProcess
from app.authority import ensure_certificates, own_names
from app.settings import OutgoingSettings, Settings
from core.nodes import FIRST
from setup import announcements
from setup.roots import asterisk_root
from telephony.config import AsteriskConfig, NeighbourTrunk, OutgoingTrunk, Paths, Secrets, load_secrets, render
from telephony.dialling import TransferRules


def load_secrets_of(settings: Settings, node: str = FIRST) -> Secrets:
    """The passwords between the core and an Asterisk."""
    name = "secrets.json" if node == FIRST else f"secrets-{node}.json"
    return load_secrets(settings.storage.data_dir / name)


def prompts_dir(settings: Settings) -> Path:
    """Where the announcements are."""
    return (settings.asterisk.prompts_dir or announcements.folder()).absolute()


def state_dir(settings: Settings, node: str) -> Path:
    """Where an Asterisk keeps what is its own."""
    return settings.storage.data_dir.absolute() / ("asterisk" if node == FIRST else node)


def asterisk_config(settings: Settings, node: str = FIRST) -> AsteriskConfig:
    """All that an Asterisk of the centre must know."""
    asterisk, data = settings.every_asterisk[node], settings.storage.data_dir.absolute()
    state = state_dir(settings, node)
    certificates = ensure_certificates(data / "tls", own_names())
    return AsteriskConfig(
        centre_id=settings.centre.id,
        core_app=settings.centre.core,
        node=node,
        bind_address=asterisk.bind_address,
        sip_port=asterisk.sip_port,
        sip_tls_port=asterisk.sip_tls_port,
        ws_port=asterisk.ws_port,
        wss_port=asterisk.wss_port,
        rtp_start=asterisk.rtp_start,
        rtp_end=asterisk.rtp_end,
        ari_port=asterisk.ari_port,
        ami_port=asterisk.ami_port,
        trunks=asterisk.trunks,
        located_trunks=settings.location.pidf_lo_trunks,
        claim_timeout_ms=asterisk.claim_timeout_ms,
        outgoing=_outgoing(settings.outgoing),
        transfers=TransferRules(
            short_numbers=settings.outgoing.short_numbers,
            prefixes=settings.outgoing.prefixes,
            refused_prefixes=settings.outgoing.refused_prefixes,
            presented=settings.outgoing.presented,
            presented_by_line=settings.outgoing.presented_by_line,
            ring_seconds=settings.outgoing.ring_seconds,
        ),
        vital_lines=settings.fallback.vital_lines,
        phones={name: password.get_secret_value() for name, password in settings.remote.sip_phones.items()},
        neighbours={
            centre: NeighbourTrunk(
                host=each.host, port=each.port, transport=each.transport, addresses=each.addresses
            )
            for centre, each in settings.mutual_aid.neighbours.items()
        },
        secrets=load_secrets_of(settings, node),
        paths=Paths(
            config=str(state / "etc"),
            state=str(state),
            run=str(state / "run"),
            recordings=str(settings.storage.recordings_dir.absolute()),
            second=str(settings.recorder.second_memory.absolute()) if settings.recorder.second_dir else "",
            prompts=str(prompts_dir(settings)),
            certificate=str(certificates.certificate.absolute()),
            private_key=str(certificates.private_key.absolute()),
        ),
    )


def _outgoing(settings: OutgoingSettings) -> OutgoingTrunk | None:
    """The trunk for calls to numbers, where there is one."""
    if not settings.host:
        return None
    return OutgoingTrunk(
        host=settings.host,
        port=settings.port,
        transport=settings.transport,
        username=settings.username,
        password=settings.password.get_secret_value(),
    )


def prepare_asterisk(settings: Settings, node: str = FIRST) -> AsteriskProcess:
    """Write an Asterisk's configuration and describe its process; nothing is started."""
    config = asterisk_config(settings, node)
    render(config, Path(config.paths.config))
    state = Path(config.paths.state)
    return AsteriskProcess(
        asterisk_root(),
        Path(config.paths.config),
        state,
        settings.storage.data_dir / "log" / f"{state.name}.log",
        writable=[
            settings.storage.recordings_dir,
            *([settings.recorder.second_memory] if settings.recorder.second_dir else []),
        ],
        readable=[prompts_dir(settings), settings.storage.data_dir / "tls"],
    )
