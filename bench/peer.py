"""The peer: the same Asterisk with the same trimmed modules, doing by itself what it can: app_queue and Dial.

It is given every advantage: no ARI, no manager interface, no core, nothing between the dialplan's lines.
"""

import contextlib
import re
from collections.abc import AsyncIterator
from pathlib import Path

from app.asterisk_process import AsteriskProcess
from bench.centre import TRUNKS
from bench.cpu import cpu_seconds
from setup.roots import asterisk_root
from telephony.config import AsteriskConfig, Paths, load_secrets, render
from telephony.modules import MODULES

TRUNK = ("127.0.0.1", 5070)
WS_PORT = 8188
AGENTS = ("127.0.0.4", 5080)
"""Where the peer's agents answer."""
DIAL, PAGE, QUEUE = "2", "3", "15"
"""Lines: bare Dial to an agent; ring a page; welcome, then queue."""
PAGE_ACCOUNT = "page"
PAGE_PASSWORD = "mot-de-passe-de-mesure"
_RECORDING = re.compile(r",(MixMonitor\(.*\))$", re.MULTILINE)
"""What records a call: taken from our own dialplan."""
_NOT_NEEDED = ("res_ari", "res_stasis", "app_stasis", "res_websocket_client")


class Peer:
    """A running peer."""

    def __init__(self, asterisk: AsteriskProcess) -> None:
        self.asterisk = asterisk

    def cpu(self) -> float:
        """Seconds of CPU used so far by all it consists of."""
        return cpu_seconds((self.asterisk.pid,))


@contextlib.asynccontextmanager
async def running_peer(folder: Path, prompts: Path, members: int = 0) -> AsyncIterator[Peer]:
    """Run the peer, with so many agents in its queue."""
    config = AsteriskConfig(
        centre_id="FR752",
        core_app="core-none",
        node="peer",
        sip_port=TRUNK[1],
        sip_tls_port=5071,
        ws_port=WS_PORT,
        wss_port=8189,
        rtp_start=16000,
        rtp_end=21999,
        ari_port=8187,
        ami_port=5138,
        trunks=TRUNKS,
        secrets=load_secrets(folder / "secrets.json"),
        paths=Paths(
            config=str(folder / "etc"),
            state=str(folder),
            run=str(folder / "run"),
            recordings=str(folder / "recordings"),
            prompts=str(prompts),
        ),
    )
    etc = folder / "etc"
    render(config, etc)
    recording = _RECORDING.findall((etc / "extensions.conf").read_text())[0]
    (etc / "extensions.conf").write_text(_dialplan(recording, prompts))
    (etc / "queues.conf").write_text(_queues(members))
    (etc / "manager.conf").write_text("[general]\nenabled = no\n")
    (etc / "ari.conf").write_text("[general]\nenabled = no\n")
    (etc / "modules.conf").write_text(_modules())
    with (etc / "pjsip.conf").open("a") as pjsip:
        pjsip.write(_endpoints(members))
    asterisk = AsteriskProcess(
        asterisk_root(),
        etc,
        folder,
        folder / "asterisk.log",
        writable=[folder / "recordings"],
        readable=[prompts],
    )
    try:
        await asterisk.start()
        yield Peer(asterisk)
    finally:
        await asterisk.stop()


def _dialplan(recording: str, prompts: Path) -> str:
    lines = ["[from-trunk]", f"exten => {QUEUE},1,NoOp()", f" same => n,{recording}", " same => n,Answer()"]
    lines += [f" same => n,Playback({prompts}/welcome)", " same => n,Queue(15)"]
    lines += [f"exten => {DIAL},1,Dial(PJSIP/agents/sip:agent@{AGENTS[0]}:{AGENTS[1]},30)"]
    lines += [f"exten => {PAGE},1,Dial(PJSIP/{PAGE_ACCOUNT},30)"]
    return "\n".join([*lines, "[nowhere]", ""])


def _queues(members: int) -> str:
    head = ["[general]", "autofill = yes", "[15]", "strategy = rrmemory", "timeout = 20", "retry = 1"]
    head += ["musicclass = waiting", "ringinuse = no", "wrapuptime = 0"]
    return "\n".join([*head, *(f"member => PJSIP/a{number}" for number in range(members)), ""])


def _modules() -> str:
    kept = [name for name in MODULES if not name.startswith(_NOT_NEEDED)]
    loads = (f"load = {name}.so" for name in (*kept, "app_dial", "app_playback"))
    return "\n".join(["[modules]", "autoload = no", *loads, ""])


def _endpoints(members: int) -> str:
    agent = "type = endpoint\ncontext = nowhere\ndisallow = all\nallow = alaw\ndirect_media = no\n"
    lines = [f"\n[agents]\n{agent}"]
    for number in range(members):
        name = f"a{number}"
        lines.append(f"[{name}]\n{agent}aors = {name}\n")
        lines.append(f"[{name}]\ntype = aor\ncontact = sip:{name}@{AGENTS[0]}:{AGENTS[1]}\n")
    lines.append(
        f"[{PAGE_ACCOUNT}]\ntype = endpoint\ncontext = nowhere\nidentify_by = username\ndisallow = all\n"
        f"allow = alaw,opus\nwebrtc = yes\nmax_video_streams = 0\ndirect_media = no\n"
        f"auth = {PAGE_ACCOUNT}\naors = {PAGE_ACCOUNT}\n"
        f"[{PAGE_ACCOUNT}]\ntype = auth\nauth_type = digest\nusername = {PAGE_ACCOUNT}\n"
        f"password = {PAGE_PASSWORD}\n"
        f"[{PAGE_ACCOUNT}]\ntype = aor\nmax_contacts = 1\nremove_existing = yes\n"
    )
    return "\n".join(lines)
