"""The embedded server: its command line, and the server as a child process for as long as a block lasts."""

from __future__ import annotations

import fcntl
import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from annotation.argilla.server import environment
from annotation.campaign.folder import Campaign
from rad.errors import RadError

APP = Path(environment.__file__).with_name("app.py")
PATIENCE = 300  # seconds for a start; it takes a few on an idle machine


def server_command(campaign: Campaign, host: str = "127.0.0.1", port: int = 0, redis: str | None = None) -> list[str]:
    """The command line of the server; secrets are made on the first call and named by their file.

    Raises:
        RadError: There is no campaign, as in a folder whose name was mistyped.
    """
    _ = campaign.settings
    campaign.owner()
    campaign.make_private(campaign.server)
    command = [str(environment.python()), str(APP), "--home", str(campaign.server)]
    command += ["--secrets", str(campaign.secrets / "owner.json"), "--host", host, "--port", str(port)]
    return [*command, *(["--redis", redis] if redis else [])]


def start(campaign: Campaign, port: int = 0) -> tuple[subprocess.Popen[bytes], str]:
    """The process and its URL, when it answers. :class:`RadError` with its last words if it ends instead."""
    command = server_command(campaign, port=port)
    log = campaign.server / "server.log"
    with open(log, "ab") as file:
        process = subprocess.Popen(command, stdout=file, stderr=file, stdin=subprocess.DEVNULL)
    deadline = time.monotonic() + PATIENCE
    while (url := _url(campaign.server / "server.json", process.pid)) is None:
        if process.poll() is not None or time.monotonic() > deadline:
            stop(process)
            lines = log.read_text().splitlines() or ["no message"]
            raise RadError(f"the server did not start ({lines[-1].removeprefix('error: ')}); see {log}")
        time.sleep(0.05)
    return process, url


def _url(state: Path, pid: int) -> str | None:
    """What the server with this process id has written down; a killed one leaves its own behind."""
    if not state.exists():
        return None
    record = json.loads(state.read_text())
    return str(record["url"]) if record["pid"] == pid else None


def is_serving(campaign: Campaign) -> bool:
    """Whether a server of this very folder runs: it holds a lock there. A ``server.json`` may be copied or old."""
    try:
        with open(campaign.server / "lock") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def stop(process: subprocess.Popen[bytes]) -> None:
    """As Ctrl-C does; by force if that takes too long."""
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextmanager
def serving(campaign: Campaign) -> Iterator[str]:
    """Serve the campaign while a block lasts; the value is the URL."""
    process, url = start(campaign)
    try:
        yield url
    finally:
        stop(process)
