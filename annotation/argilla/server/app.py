"""The process that ``python -m annotation serve`` becomes: argilla-server on one SQLite file, without other services.

    PYTHON app.py --home FOLDER --secrets FILE --host 127.0.0.1 --port 6900 [--redis URL]

It runs in the server's environment and imports nothing of the project. FOLDER gets the database, a lock, a temporary
folder and, while it serves, ``server.json`` (URL and process id). The temporary folder is emptied before and after.
FILE holds the owner's name, password and key, and the key that signs sessions; nothing of it is printed. Without Redis,
Argilla's background jobs run in the server's own event loop.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import fcntl
import hashlib
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import types
import uuid
from collections.abc import Awaitable, Callable, Coroutine, Mapping, MutableMapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any, TypeAlias

Message: TypeAlias = MutableMapping[str, Any]  # of ASGI
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
App: TypeAlias = Callable[[Message, Receive, Send], Awaitable[None]]
MADE_FOR = "2.8.0"  # of argilla-server: search.py reads its tables
PROBES = 20  # attempts at the lock of the folder, 0.05 s apart


def refuse(message: str) -> None:
    """End the process with one line and status 2."""
    print(f"error: {message}", file=sys.stderr)
    sys.exit(2)


def settings(home: Path, secrets: dict[str, str], redis: str | None) -> None:
    """Argilla's settings, which it reads when it is imported. Those of the caller's environment do not count."""
    for name in [name for name in os.environ if name.startswith("ARGILLA_")]:
        del os.environ[name]
    os.environ |= {
        "ARGILLA_HOME_PATH": str(home),
        "ARGILLA_SEARCH_ENGINE": "sqlite",
        "ARGILLA_CORS_ORIGINS": "[]",  # the pages come from the server itself
        "ARGILLA_AUTH_SECRET_KEY": secrets["session_key"],
        "ARGILLA_AUTH_OAUTH_CFG": str(home / "no-oauth.yaml"),
        "ARGILLA_SHOW_HUGGINGFACE_SPACE_PERSISTENT_STORAGE_WARNING": "0",
        "HF_HUB_OFFLINE": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        **({"ARGILLA_REDIS_URL": redis} if redis else {}),
    }


def prepare_database(home: Path, secrets: dict[str, str]) -> None:
    """Tables, write-ahead log, the owner's account with the password and key of the secrets, counts put right."""
    import assignment
    from alembic import command
    from alembic.config import Config
    from alembic.util.exc import CommandError
    from argilla_server.database import ALEMBIC_CONFIG_FILE
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    @event.listens_for(Engine, "connect")
    def connected(database: sqlite3.Connection, _record: object) -> None:
        cursor = database.cursor()
        cursor.execute("PRAGMA journal_mode = WAL")  # readers and a writer do not wait for each other
        cursor.execute("PRAGMA synchronous = FULL")  # an answer that was accepted survives a power cut
        cursor.execute("PRAGMA secure_delete = ON")  # who withdraws leaves nothing in the file
        cursor.close()
        assignment.on_connect(database)

    migrations = Config()  # without the file, whose logging would take over ours
    migrations.set_main_option("script_location", str(Path(ALEMBIC_CONFIG_FILE).parent / "alembic"))
    try:
        command.upgrade(migrations, "head")
    except CommandError as error:
        refuse(f"{home / 'argilla.db'} was written by another version of Argilla ({error})")
    asyncio.run(ensure_owner(secrets))
    with sqlite3.connect(home / "argilla.db", timeout=30) as database:
        database.execute(assignment.REPAIR)
    database.close()


async def ensure_owner(secrets: dict[str, str]) -> None:
    """Make the owner's account, or give it the password and key of the secrets."""
    from argilla_server.contexts import accounts
    from argilla_server.database import AsyncSessionLocal, async_engine
    from argilla_server.models import User, UserRole

    name, password, key = secrets["username"], secrets["password"], secrets["api_key"]
    async with AsyncSessionLocal() as db:
        user = await accounts.get_user_by_username(db, name)
        if user is None:
            hashed = accounts.hash_password(password)
            await User.create(
                db,
                first_name=name,
                username=name,
                role=UserRole.owner,
                password_hash=hashed,
                api_key=key,
                workspaces=[],
            )
        elif user.api_key != key or not accounts.verify_password(password, user.password_hash):
            await user.update(db, password_hash=accounts.hash_password(password), api_key=key)
    await async_engine.dispose()


def without_redis() -> None:
    """Argilla's jobs are async functions: run them as tasks of the server's event loop, not by a worker of rq."""
    from argilla_server.jobs import queues

    running: set[asyncio.Task[object]] = set()

    def run(
        function: Callable[..., Coroutine[object, object, object]],
        args: Sequence[object] = (),
        kwargs: Mapping[str, object] | None = None,
        **_: object,
    ) -> types.SimpleNamespace:
        task = asyncio.get_running_loop().create_task(function(*args, **(kwargs or {})))
        running.add(task)
        task.add_done_callback(running.discard)
        return types.SimpleNamespace(id=str(uuid.uuid4()), get_status=lambda refresh=False: "queued")

    queues.REDIS_CONNECTION.ping = lambda **_: True
    queues.DEFAULT_QUEUE.enqueue_call = queues.HIGH_QUEUE.enqueue_call = run


def work(secrets_file: Path) -> None:
    """Argilla's jobs by a worker of rq, until the server that started it has gone."""
    import assignment
    import search  # noqa: F401  (registers the search engine)
    from argilla_server.jobs.queues import DEFAULT_QUEUE, HIGH_QUEUE, REDIS_CONNECTION
    from rq import SimpleWorker

    end_with_parent()
    assignment.install(secrets_file.with_name("reviewers.json"))
    SimpleWorker([DEFAULT_QUEUE, HIGH_QUEUE], connection=REDIS_CONNECTION).work(logging_level="WARNING")


def end_with_parent() -> None:
    """Watch the pipe to the server: it closes when the server ends, however it does."""

    def wait() -> None:
        sys.stdin.read()
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=wait, daemon=True).start()


def headers(pages: Path) -> list[tuple[bytes, bytes]]:
    """A policy by which browsers run Argilla's own scripts and nothing that stands in a record, and ask no other host.

    Argilla's pages show the text of a field that has a span question as HTML. Their inline scripts are allowed by hash.
    """
    own = set()
    for page in pages.glob("*/statics/**/*.html"):
        for script in re.findall(r"<script>(.*?)</script>", page.read_text(encoding="utf-8"), re.DOTALL):
            own.add(f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'")
    policy = {
        "default-src": "'self'",
        "script-src": " ".join(["'self'", *sorted(own)]),
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data:",
        "font-src": "'self' data:",
        "object-src": "'none'",
        "base-uri": "'self'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
    header = "; ".join(f"{name} {value}" for name, value in policy.items())
    return [
        (b"content-security-policy", header.encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"no-referrer"),
    ]


def with_headers(app: App, more: list[tuple[bytes, bytes]]) -> App:
    """The application with more headers in each of its responses."""

    async def wrapped(scope: Message, receive: Receive, send: Send) -> None:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *more]
            await send(message)

        await app(scope, receive, sending)

    return wrapped


def serve(host: str, port: int, home: Path, owner: str, secrets_file: Path, started: float) -> None:
    import argilla_server
    import blinding
    import gates
    import uvicorn

    blinding.install()
    gates.install()

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if not self.started:
                return
            bound = self.servers[0].sockets[0].getsockname()[1]
            shown = f"[{host}]" if ":" in host else host
            url = f"http://{'127.0.0.1' if host in ('0.0.0.0', '::') else shown}:{bound}"
            part = home / "server.json.part"
            part.write_text(json.dumps({"url": url, "pid": os.getpid()}))
            part.replace(home / "server.json")
            print(f"serving {url} after {time.time() - started:.1f} s", flush=True)
            print(f"log in as '{owner}' with the password in {secrets_file}; Ctrl-C stops", flush=True)

    app = with_headers(argilla_server.app, headers(home / "tmp"))
    config = uvicorn.Config(
        app, host=host, port=port, access_log=False, log_level="warning", timeout_graceful_shutdown=5
    )
    Server(config).run()


def check_port(host: str, port: int) -> None:
    """End the process where something else listens there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            refuse(f"cannot listen on {host}:{port} ({error.strerror}); choose another --port, or 0 for a free one")


def main() -> None:
    started = time.time()
    parser = argparse.ArgumentParser()
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--secrets", type=Path, required=True)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=6900)
    parser.add_argument("--redis")
    parser.add_argument("--work", action="store_true")
    options = parser.parse_args()
    version = metadata.version("argilla-server")
    if version != MADE_FOR:
        refuse(f"argilla-server {version} is installed, but serve was made for {MADE_FOR} alone")
    os.umask(0o077)
    home = options.home.resolve()
    home.mkdir(parents=True, exist_ok=True)
    secrets = json.loads(options.secrets.read_text())
    settings(home, secrets, options.redis)
    if options.work:
        work(options.secrets)
        return
    try:
        run(home, secrets, options, started)
    except Exception as error:
        cause = error.__cause__ or error.__context__  # the database's driver has a class of its own for its errors
        if not isinstance(error, OSError | sqlite3.Error) and not isinstance(cause, sqlite3.Error):
            raise
        words = "no space left" if isinstance(error, shutil.Error) else str(cause or error)[:160]
        refuse(f"{home} cannot be read or written ({words}): is the disk full? What was answered before stays")
    print("stopped; every answer is in", home / "argilla.db", flush=True)


def run(home: Path, secrets: dict[str, str], options: argparse.Namespace, started: float) -> None:
    """Serve until a signal ends it."""
    lock = open(home / "lock", "w")  # noqa: SIM115  (held until the process ends)
    for attempt in range(PROBES):  # a command that looks whether somebody serves holds it for a moment
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except OSError:
            if attempt == PROBES - 1:
                refuse(f"{home} is being served already")
            time.sleep(0.05)
    (home / "server.json").unlink(missing_ok=True)  # of a server that was killed, or of the folder that this one copies
    check_port(options.host, options.port)
    temporary = home / "tmp"
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir()
    tempfile.tempdir = str(temporary)  # Argilla copies its pages there at each start and leaves them
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C
    worker = None
    try:
        import assignment
        import search  # noqa: F401  (registers the search engine)

        assignment.install(options.secrets.with_name("reviewers.json"))
        prepare_database(home, secrets)
        if options.redis:
            worker = subprocess.Popen([sys.executable, *sys.argv, "--work"], stdin=subprocess.PIPE)
        else:
            without_redis()
        serve(options.host, options.port, home, secrets["username"], options.secrets, started)
    except KeyboardInterrupt:
        pass
    finally:
        (home / "server.json").unlink(missing_ok=True)
        shutil.rmtree(temporary, ignore_errors=True)
        if worker is not None:
            worker.kill()
    with sqlite3.connect(home / "argilla.db") as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")


if __name__ == "__main__":
    main()
