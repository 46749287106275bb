"""The Python that runs argilla-server: this one if it has it, else an environment of its own that is made once."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

from rad.errors import RadError
from rad.runtime.files import cache_dir

REQUIREMENTS = Path(__file__).with_name("requirements.txt")
VERSION = "2.8.0"  # of argilla-server, whose tables search.py reads


def python() -> Path:
    """The interpreter; the first call makes the environment (one or two minutes) and says so.

    :class:`RadError` if another version of argilla-server is installed beside RAD, or the environment cannot be made.
    """
    try:
        installed = metadata.version("argilla-server")
    except metadata.PackageNotFoundError:
        return own()
    if installed != VERSION:
        raise RadError(
            f"argilla-server {installed} is installed, but serve was made for {VERSION} alone: pip uninstall "
            "argilla-server (serve then makes an environment of its own), or install that version"
        )
    return Path(sys.executable)


def own() -> Path:
    """An environment in the cache with exactly the pinned packages, complete or not there."""
    pins = REQUIREMENTS.read_bytes()
    name = hashlib.sha256(pins + sys.version.encode() + sys.prefix.encode()).hexdigest()[:8]
    folder = cache_dir() / f"argilla-server-{VERSION}-{name}"
    interpreter, complete = folder / "bin" / "python", folder / "complete"
    if complete.exists() and interpreter.exists():
        return interpreter
    folder.parent.mkdir(parents=True, exist_ok=True)
    with open(folder.with_name(folder.name + ".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another command may be at it
        if complete.exists() and interpreter.exists():
            return interpreter
        print(f"making the server's environment once, in {folder} (one or two minutes)", file=sys.stderr, flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        log = folder.with_name(folder.name + ".log")
        install = [str(interpreter), "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-input"]
        _run([sys.executable, "-m", "venv", str(folder)], log)
        _run([*install, "--retries", "2", "-r", str(REQUIREMENTS)], log)
        complete.touch()
    return interpreter


def _run(command: list[str], log: Path) -> None:
    with open(log, "ab") as file:
        status = subprocess.run(command, stdout=file, stderr=file, stdin=subprocess.DEVNULL).returncode
    if status:
        lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()] or ["no message"]
        errors = [line for line in lines if "error" in line.lower()] or lines
        raise RadError(f"the server's environment could not be made ({errors[-1].strip()[:200]}); see {log}")
