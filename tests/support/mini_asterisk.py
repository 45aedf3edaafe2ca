"""A bare Asterisk of a few lines of configuration, to try the simulator against without any code of the centre.

It runs inside the tests' own network, where robots reach it at :data:`tests.support.netns.ADDRESS`.
"""

import socket
import subprocess
import time
from pathlib import Path

from setup.sandbox import sandboxed
from tests.support.netns import ADDRESS

SIP_PORT = 5060
WS_PORT = 8088

_MODULES = """
app_confbridge app_dial app_echo app_playback app_playtones app_read bridge_builtin_features bridge_native_rtp
bridge_simple bridge_softmix chan_pjsip codec_a_mu codec_alaw codec_resample codec_ulaw codec_opus_open_source
format_pcm format_wav func_callerid func_channel func_logic pbx_config res_crypto res_format_attr_opus
res_http_websocket res_pjproject res_pjsip_logger res_pjsip res_pjsip_acl res_pjsip_authenticator_digest
res_pjsip_caller_id res_pjsip_dtmf_info res_pjsip_endpoint_identifier_ip res_pjsip_endpoint_identifier_user
res_pjsip_nat res_pjsip_pubsub res_pjsip_registrar res_pjsip_rfc3326 res_pjsip_sdp_rtp res_pjsip_session
res_pjsip_transport_websocket res_pjsip_outbound_authenticator_digest res_rtp_asterisk res_sorcery_astdb
res_sorcery_config res_sorcery_memory res_srtp res_timing_timerfd
"""

_ASTERISK = """[directories]
astetcdir => {folder}
astvarlibdir => {folder}/lib
astdbdir => {folder}/lib
astdatadir => /usr/share/asterisk
astspooldir => {folder}/spool
astrundir => {folder}/run
astlogdir => {folder}/log
[options]
systemname = mini
"""

_PJSIP = """[global]
type=global
endpoint_identifier_order=username,ip
[udp]
type=transport
protocol=udp
bind=0.0.0.0:5060
[ws]
type=transport
protocol=ws
bind=0.0.0.0
[trunk]
type=endpoint
context=callers
disallow=all
allow=alaw,ulaw
direct_media=no
rtp_symmetric=yes
trust_id_inbound=yes
[trunk]
type=identify
endpoint=trunk
match=127.0.0.0/8,10.15.0.0/24
[position](!)
type=endpoint
context=positions
disallow=all
allow=alaw,opus
webrtc=yes
[account](!)
type=auth
auth_type=digest
password=secret
[one](!)
type=aor
max_contacts=1
remove_existing=yes
maximum_expiration=120
"""

_POSITION = """[{name}](position)
aors={name}
auth={name}
[{name}](account)
username={name}
[{name}](one)
"""

_EXTENSIONS = """[callers]
exten => echo,1,Answer()
 same => n,Echo()
exten => tone,1,Answer()
 same => n,Playtones(1000)
 same => n,Wait(30)
exten => room,1,Answer()
 same => n,ConfBridge(room)
exten => key,1,Answer()
 same => n,Read(digit,,1,,,20)
 same => n,Playtones(${IF($[${digit}=5]?1500:400)})
 same => n,Wait(20)
exten => who,1,Answer()
 same => n,Playtones(${IF($[${CALLERID(num)}=0612345678]?1500:400)})
 same => n,Wait(20)
exten => ring,1,Ringing()
 same => n,Wait(30)
exten => busy,1,Hangup(17)
exten => short,1,Answer()
 same => n,Wait(1)
 same => n,Hangup()
exten => 15,1,Goto(tone,1)
exten => 112,1,Goto(short,1)
exten => robot,1,Dial(PJSIP/robot1,20)
[positions]
exten => leg,1,Answer()
 same => n,ConfBridge(room)
exten => echo,1,Answer()
 same => n,Echo()
exten => tone,1,Answer()
 same => n,Playtones(1000)
 same => n,Wait(30)
"""


class MiniAsterisk:
    """One Asterisk process; use as a context manager. ``positions`` are SIP accounts, password "secret"."""

    def __init__(
        self, root: Path | None, folder: Path, positions: tuple[str, ...] = ("robot1", "robot2")
    ) -> None:
        """``root``: the private root; none: the host's Asterisk. ``folder``: an empty one, of a short path."""
        self._root = root
        self._folder = folder
        self._positions = positions
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "MiniAsterisk":
        self._write()
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """Process id of Asterisk's sandbox."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start and wait until SIP answers (10 s at most)."""
        with self._console.open("ab") as console:
            self._process = subprocess.Popen(
                self._command("-f", "-n", "-vvv"),
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
            )
        deadline = time.monotonic() + 10
        while "fully booted" not in self.cli("core waitfullybooted"):  # SIP heard before is dropped
            if time.monotonic() > deadline or self._process.poll() is not None:
                self.stop()
                raise RuntimeError(self._console.read_text(errors="replace"))
            time.sleep(0.1)

    def stop(self) -> None:
        """End it: politely, then not."""
        if self._process is None:
            return
        self.cli("core stop now")
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(5)
        self._process = None

    def cli(self, command: str) -> str:
        """Run a console command and give what it prints (empty while Asterisk is not up)."""
        done = subprocess.run(
            self._command("-rx", command),
            capture_output=True,
            text=True,
            errors="replace",
            timeout=10,
            check=False,
        )
        return done.stdout if done.returncode == 0 else ""

    @property
    def _console(self) -> Path:
        return self._folder / "log" / "console"

    def _command(self, *arguments: str) -> list[str]:
        command = ["asterisk", "-C", str(self._folder / "asterisk.conf"), *arguments]
        if self._root is None:
            return command
        hosts = (self._folder / "hosts", Path("/etc/hosts"))
        return sandboxed(self._root, command, writable=[self._folder], over=[hosts])

    def _write(self) -> None:
        for name in ("lib", "spool", "run", "log"):
            (self._folder / name).mkdir()
        accounts = "".join(_POSITION.format(name=name) for name in self._positions)
        files = {
            "asterisk.conf": _ASTERISK.format(folder=self._folder),
            "modules.conf": "[modules]\nautoload=no\n" + "".join(f"load = {m}.so\n" for m in _MODULES.split()),
            "pjsip.conf": _PJSIP + accounts,
            "extensions.conf": _EXTENSIONS,
            "rtp.conf": "[general]\nrtpstart=10000\nrtpend=10199\n",
            "http.conf": f"[general]\nenabled=yes\nbindaddr=0.0.0.0\nbindport={WS_PORT}\n",
            "logger.conf": "[general]\n[logfiles]\nconsole => notice,warning,error,verbose\n",
            "confbridge.conf": "[default_user]\ntype=user\nquiet=yes\n[default_bridge]\ntype=bridge\n",
            "hosts": f"127.0.0.1 localhost\n{ADDRESS} {socket.gethostname()}\n",
        }
        for name, text in files.items():
            (self._folder / name).write_text(text)
