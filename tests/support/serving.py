"""A real server of a language model, started for a test in a Python that has its packages."""

from __future__ import annotations

import importlib.util
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

_HERE = all(importlib.util.find_spec(name) for name in ("fastapi", "uvicorn", "openai"))  # of transformers[serving]
PYTHON = os.environ.get("RAD_SERVE_PYTHON") or (sys.executable if _HERE else None)
WITHOUT = "needs transformers[serving]: set RAD_SERVE_PYTHON to a Python that has it"


@contextmanager
def serving(argv: Callable[[int], list[object]], folder: Path, **environment: str) -> Iterator[str]:
    """The server's ``base_url``. ``argv`` is its command for a port; its log in ``folder`` tells what went wrong."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = folder / "serve.log"
    variables = {**os.environ, **environment}
    with (
        open(log, "wb") as file,
        subprocess.Popen(list(map(str, argv(port))), stdout=file, stderr=file, env=variables) as process,
    ):
        try:
            deadline = time.monotonic() + 120
            while True:
                assert process.poll() is None and time.monotonic() < deadline, log.read_text()
                with suppress(URLError, OSError), urlopen(f"http://127.0.0.1:{port}/v1/models", timeout=5):
                    break
                time.sleep(0.5)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            process.terminate()
