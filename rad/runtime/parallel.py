"""One function over the rows of a table of work: in this process, in processes of this machine, or by Ray Data.

A function here takes a dict of plain values and returns one, so that it means the same wherever it runs. It must be
importable from a module (not from a script), and its work must not depend on which process does it.
"""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from multiprocessing import active_children, connection, get_context, parent_process, resource_tracker
from threading import Thread
from typing import Any, Literal

from rad.errors import RadError

Row = dict[str, Any]
Engine = Literal["local", "ray"]
OBJECT_STORE = 100 * 2**20  # bytes: rows are small, and what is large goes through files


def parallel_map(
    function: Callable[[Row], Row], rows: Sequence[Row], workers: int = 1, engine: Engine = "local"
) -> Iterator[Row]:
    """``function(row)`` of every row, as each is done, at most ``workers`` at a time.

    Args:
        function: Takes and returns plain values. It stands in a module, from which other processes import it.
        rows: What it is called with.
        workers: Processes.
        engine: ``local``, or ``ray`` for Ray Data.

    Raises:
        RadError: ``workers`` is below 1, Ray is missing, or a process was killed. What ``function`` raises comes, too.
    """
    if workers < 1:
        raise RadError(f"--workers must be at least 1, got {workers}")
    if engine == "ray":
        yield from _by_ray(function, rows, workers)
    elif workers == 1 or len(rows) < 2:
        yield from map(function, rows)
    else:
        yield from _by_processes(function, rows, workers)


def _by_processes(function: Callable[[Row], Row], rows: Sequence[Row], workers: int) -> Iterator[Row]:
    # spawned, not forked: a fork copies the locks of threads that numpy, arrow or torch have started
    with ProcessPoolExecutor(min(workers, len(rows)), get_context("spawn"), _end_with_parent) as pool:
        try:
            for done in as_completed(_submitted(pool, function, rows)):
                yield done.result()
        except BrokenProcessPool as error:
            raise RadError(
                "a worker process was killed (out of memory?): the same command goes on where it stopped, "
                "and needs less memory with fewer --workers"
            ) from error
        except KeyboardInterrupt:
            for process in active_children():
                process.terminate()  # one that still imports its modules would do so to the end
            raise
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _submitted(pool: ProcessPoolExecutor, function: Callable[[Row], Row], rows: Sequence[Row]) -> list[Future[Row]]:
    """The work, given to processes that start with Ctrl-C held back: while they import, it would be a traceback."""
    resource_tracker.ensure_running()  # starting it would let Ctrl-C through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        return [pool.submit(function, row) for row in rows]
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _end_with_parent() -> None:
    """A worker whose parent was killed outright would wait for work for ever; Ctrl-C ends it without a traceback."""
    if signal.getsignal(signal.SIGINT) != signal.SIG_IGN:  # as of a command in the background, whose parent ignores it
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
    parent = parent_process()
    if parent is not None:
        Thread(target=lambda: (connection.wait([parent.sentinel]), os._exit(1)), daemon=True).start()


def _by_ray(function: Callable[[Row], Row], rows: Sequence[Row], workers: int) -> Iterator[Row]:
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # Ray would report to its makers
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise RadError("needs 'ray': pip install -e '.[ray]'") from error
    started = not ray.is_initialized()
    if started and os.environ.get("RAY_ADDRESS"):  # a cluster: its machines must see the same folders
        ray.init(log_to_driver=False, logging_level=logging.ERROR)
    elif started:
        ray.init(
            num_cpus=workers,
            include_dashboard=False,
            object_store_memory=OBJECT_STORE,
            log_to_driver=False,
            logging_level=logging.ERROR,
            _node_ip_address="127.0.0.1",
        )
    try:
        context = ray.data.DataContext.get_current()
        context.enable_progress_bars = False
        table = ray.data.from_items(list(rows), override_num_blocks=max(1, len(rows)))
        done = table.map(partial(_caught, function), compute=ray.data.TaskPoolStrategy(size=workers))
        for row in done.iter_rows():
            if row["error"]:
                raise RadError(row["error"])
            yield row["value"]
    finally:
        if started:
            ray.shutdown()


def _caught(function: Callable[[Row], Row], row: Row) -> Row:
    """A :class:`RadError` as a value: Ray would wrap it into pages of another exception."""
    try:
        return {"error": "", "value": function(row)}
    except (RadError, OSError) as error:
        return {"error": str(error), "value": {}}
