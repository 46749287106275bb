"""The review server: the real Argilla with its own pages, on one SQLite file in the campaign's folder.

    python -m annotation serve CAMPAIGN

Needs no docker, no Elasticsearch, no Redis and no account anywhere. It listens on this machine alone unless --host says
otherwise, and prints where it is and how to log in. Ctrl-C stops it; whatever was answered stays, also after a crash.
The first start makes an environment for argilla-server 2.8.0 in the cache, unless this one has it.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from annotation.argilla.server import environment
from annotation.campaign.folder import Campaign

APP = Path(environment.__file__).with_name("app.py")
LOOPBACK = ("127.0.0.1", "::1", "localhost")


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("campaign", type=Path, metavar="CAMPAIGN", help="the campaign's folder")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine alone)")
    parser.add_argument("--port", type=int, default=6900, help="0: any free one (default: 6900)")
    parser.add_argument("--redis", metavar="URL", help="run Argilla's background jobs by this Redis (none is needed)")


def main(args: argparse.Namespace) -> int:
    command = server_command(Campaign(args.campaign), args.host, args.port, args.redis)
    if args.host not in LOOPBACK:
        print(
            f"listening on {args.host}: passwords and answers travel unencrypted, so put a proxy with TLS before it",
            file=sys.stderr,
        )
    sys.stdout.flush()
    os.execv(command[0], command)  # this process becomes the server, so that a signal reaches it


def server_command(campaign: Campaign, host: str = "127.0.0.1", port: int = 0, redis: str | None = None) -> list[str]:
    """The command line of the server; secrets are made on the first call and named by their file."""
    campaign.owner()
    command = [str(environment.python()), str(APP), "--home", str(campaign.server)]
    command += ["--secrets", str(campaign.secrets / "owner.json"), "--host", host, "--port", str(port)]
    return [*command, *(["--redis", redis] if redis else [])]
