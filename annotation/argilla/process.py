"""The embedded server as a child process, for as long as a block lasts: for the demo and for tests."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from annotation.campaign.folder import Campaign
from annotation.commands.serve import server_command
from rad.errors import RadError

PATIENCE = 300  # seconds for a start; it takes a few on an idle machine


def start(campaign: Campaign, port: int = 0) -> tuple[subprocess.Popen[bytes], str]:
    """The process and its URL, when it answers. :class:`RadError` with its last words if it ends instead."""
    command = server_command(campaign, port=port)
    campaign.server.mkdir(parents=True, exist_ok=True)
    log = campaign.server / "server.log"
    with open(log, "ab") as file:
        process = subprocess.Popen(command, stdout=file, stderr=file, stdin=subprocess.DEVNULL)
    deadline = time.monotonic() + PATIENCE
    while (url := _url(campaign.server / "server.json", process.pid)) is None:
        if process.poll() is not None or time.monotonic() > deadline:
            stop(process)
            said = log.read_text().splitlines() or ["no message"]
            raise RadError(f"the server did not start ({said[-1].removeprefix('error: ')}); see {log}")
        time.sleep(0.05)
    return process, url


def _url(state: Path, pid: int) -> str | None:
    """What the server with this process id has written down; a killed one leaves its own behind."""
    if not state.exists():
        return None
    record = json.loads(state.read_text())
    return str(record["url"]) if record["pid"] == pid else None


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
    process, url = start(campaign)
    try:
        yield url
    finally:
        stop(process)
