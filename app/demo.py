"""What ``make run`` starts: a whole centre on this machine."""

import asyncio
import shlex
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from app.addresses import near
from app.asterisk_process import terminate
from app.asterisk_setup import prepare_asterisk
from app.demo_accounts import DemoLogins
from app.part import Part, PortUse
from app.priority import ahead
from app.settings import Settings, section_of
from app.turn import turn_parts
from app.watchdog import Patience, http_answers, sip_answers
from core.nodes import FIRST
from setup.roots import voices_root
from setup.sandbox import sandboxed
from storage.lease import living


def centre_parts(settings: Settings, config: Path | None) -> list[Part]:
    """List the programs that every centre runs: Asterisk, its TURN server where it has one, its cores,
    the robot of the test calls, and the archive.

    Args:
        settings: those of the centre.
        config: the file they were read from, for the programs to read again.
    """
    asterisks = [_asterisk(settings, node) for node in settings.every_asterisk]
    beside = [*_carrier(settings, config), *_test_calls(settings, config), *_archive(settings, config)]
    return [*asterisks, *turn_parts(settings), *_cores(settings, config), *beside]


def robot_parts(settings: Settings, logins: DemoLogins) -> list[Part]:
    """List the robots of a demonstration: two ARMs and a physician at work, and callers who come gently."""
    spoken = spoken_by(settings)
    positions = [word for robot in logins.robots for word in ("--login", robot.login)]
    url = f"http://127.0.0.1:{settings.web.http_port}"
    return [
        Part(
            name="Robot agents",
            command=[
                *(sys.executable, "-m", "simulator.positions", "--url", url, *positions, *spoken),
                *("--parks", "0.25", "--passes", "0.1"),
            ],
            environment={"BANDEAU15_ROBOT_PASSWORD": logins.robots[0].password},
            restart=True,
        ),
        Part(
            name="Robot callers",
            command=[
                *(sys.executable, "-m", "simulator.demo"),
                *("--sip-port", str(settings.asterisk.sip_port)),
                *("--pages", url),
                *spoken,
            ],
            environment={"BANDEAU15_ROBOT_AML_TOKEN": settings.location.aml_token.get_secret_value()},
            restart=True,
        ),
    ]


def spoken_by(settings: Settings) -> list[str]:
    """Options of a robot's command: how it speaks."""
    voices = settings.storage.data_dir.absolute() / "voices"
    voices.mkdir(parents=True, exist_ok=True)
    speech = shlex.join(sandboxed(voices_root(), ["pico2wave", "-l", "fr-FR"], writable=[voices]))
    return ["--voices-dir", str(voices), "--speak", speech]


def _test_calls(settings: Settings, config: Path | None) -> list[Part]:
    if not settings.test_calls.enabled:
        return []
    return [Part(name="Test calls", command=own_command(config, "test-calls"), restart=True)]


def _archive(settings: Settings, config: Path | None) -> list[Part]:
    """The archive is waited for by nobody, and its ports are not looked at: calls go without it."""
    if not settings.archive.enabled:
        return []
    return [Part(name="Archive", command=own_command(config, "archive"), restart=True, end_seconds=8)]


def _carrier(settings: Settings, config: Path | None) -> list[Part]:
    """What carries the second writer's tracks away: nothing waits for it."""
    if settings.recorder.second_dir is None:
        return []
    return [Part(name="Second recordings", command=own_command(config, "carry"), restart=True)]


def own_command(config: Path | None, *words: str) -> list[str]:
    """Make the command line of one of our own commands, with the same settings."""
    options = ["--config", str(config)] if config else []
    return [sys.executable, "-m", "app.cli", *options, *words]


def answers(host: str, port: int, path: str) -> Callable[[], Awaitable[bool]]:
    """Make a check that a page is served without error."""

    async def check() -> bool:
        try:
            async with asyncio.timeout(2):
                reader, writer = await asyncio.open_connection(host, port)
                writer.write(f"GET {path} HTTP/1.0\r\nHost: {host}\r\n\r\n".encode())
                status = await reader.readline()
                writer.close()
        except (OSError, TimeoutError):
            return False
        return b" 200 " in status

    return check


def _asterisk(settings: Settings, node: str) -> Part:
    asterisk = settings.every_asterisk[node]
    process = prepare_asterisk(settings, node)
    where = section_of(node)
    every = asterisk.bind_address
    here = near(every)
    return Part(
        name="Asterisk" if node == FIRST else node.capitalize(),
        command=[*ahead(asterisk.niceness), *process.command()],
        ready=process.is_ready,
        restart=True,
        end=terminate,
        questions=(
            sip_answers(here, asterisk.sip_port),
            http_answers("ARI", here, asterisk.ws_port, "/ari/asterisk/ping"),
        ),
        patience=Patience(frozen=asterisk.frozen_seconds),
        ports=[
            PortUse(host=every, port=asterisk.sip_port, setting=f"{where}.sip_port", kind="udp"),
            PortUse(host=every, port=asterisk.sip_port, setting=f"{where}.sip_port"),
            PortUse(host=every, port=asterisk.sip_tls_port, setting=f"{where}.sip_tls_port"),
            PortUse(host=every, port=asterisk.ws_port, setting=f"{where}.ws_port"),
            PortUse(host=every, port=asterisk.wss_port, setting=f"{where}.wss_port"),
            PortUse(host="127.0.0.1", port=asterisk.ami_port, setting=f"{where}.ami_port"),
        ],
    )


def _cores(settings: Settings, config: Path | None) -> list[Part]:
    """The core that is at work first, and its standby: they change places when one ends."""
    web, standby = settings.web, settings.standby
    first = Part(
        name="Core",
        command=own_command(config, "core", "--kept"),
        ready=answers(near(web.host), web.http_port, "/healthz"),
        restart=True,
        end_seconds=8,
        ports=[
            PortUse(host=web.host, port=web.http_port, setting="web.http_port"),
            PortUse(host=web.host, port=web.https_port, setting="web.https_port"),
            *(
                PortUse(host="127.0.0.1", port=asterisk.ari_port, setting=f"{section_of(node)}.ari_port")
                for node, asterisk in settings.every_asterisk.items()
            ),
        ],
    )
    second = Part(
        name="Standby core",
        command=own_command(config, "core", "--kept", "--name", standby.core),
        ready=_lives(settings.storage.cores_dir, standby.core),
        restart=True,
    )
    return [first, second] if standby.enabled else [first]


def _lives(folder: Path, core: str) -> Callable[[], Awaitable[bool]]:
    """Make a check that a core is ready to take over, or has done so."""

    async def check() -> bool:
        return any(sign.core == core for sign in living(folder))

    return check
