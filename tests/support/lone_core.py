"""A core in a process of its own that picks up every caller: something to stop, freeze and kill.

``python -m tests.support.lone_core APP PORT`` with the password on its standard input; says ``up`` when it is.
"""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator

from core.switch import CallerArrived, SwitchEvent, SwitchUp
from telephony.switch import AsteriskSwitch
from tests.support.asterisk import CentreAsterisk


@contextlib.asynccontextmanager
async def lone_core(asterisk: CentreAsterisk) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run one until the end of the block, connected to Asterisk."""
    config = asterisk.config
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.support.lone_core",
        config.core_app,
        str(config.ari_port),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(config.secrets.ari.encode() + b"\n")
        async with asyncio.timeout(60):
            while (line := await process.stdout.readline()) != b"up\n":
                assert line, "the core ended"
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _main() -> None:
    password = sys.stdin.readline().strip()
    switch = AsteriskSwitch(
        app=sys.argv[1],
        switch="asterisk-a",
        ari_port=int(sys.argv[2]),
        ari_password=password,
        prompts="/nowhere",
    )

    def react(event: SwitchEvent) -> None:
        match event:
            case SwitchUp():
                print("up", flush=True)
            case CallerArrived():
                switch.pick_up(event.channel.channel_id)

    switch.listen(react)
    async with switch:
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_main())
