"""Work in processes: Ctrl-C ends them all, whenever it comes, and is one word."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

COMMAND = """
import sys, time
from pathlib import Path

from rad.errors import run
from rad.runtime.parallel import parallel_map

(Path(sys.argv[1]) / f"imported-{__name__}").touch()
time.sleep(float(sys.argv[2]))  # what importing torch takes


def work(row):
    Path(row["file"]).touch()
    time.sleep(60)
    return row


def main():
    return len(list(parallel_map(work, [{"file": f"{sys.argv[1]}/working-{k}"} for k in range(4)], workers=2)))


if __name__ == "__main__":
    run(main)
"""


@pytest.mark.parametrize(
    ("import_seconds", "awaited"), [(0, "working-*"), (1, "imported-__mp_main__")], ids=["at work", "while they start"]
)
def test_an_interruption_of_a_pool_is_one_word_and_leaves_no_process(tmp_path, import_seconds, awaited):
    (tmp_path / "toy_pool.py").write_text(COMMAND)
    process = subprocess.Popen(
        [sys.executable, "-m", "toy_pool", str(tmp_path), str(import_seconds)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(Path(__file__).parents[3])])},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # a group of its own, as a shell gives each command
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),  # the tests may run where it is ignored
    )
    try:
        deadline = time.monotonic() + 60
        while len(list(tmp_path.glob(awaited))) < (2 if awaited.startswith("working") else 1):
            assert time.monotonic() < deadline and process.poll() is None
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGINT)
        out, words = process.communicate(timeout=60)
        assert (out, words, process.returncode) == ("", "stopped\n", 130)
        for _ in range(100):  # the system may take a moment to bury them
            try:
                os.killpg(process.pid, 0)
            except ProcessLookupError:
                return
            time.sleep(0.05)
        raise AssertionError("a process is left")
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
