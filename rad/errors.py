"""The one exception that a user is meant to read: a line that says what is wrong, where, and what to do."""

from __future__ import annotations

import errno
import sys
from collections.abc import Callable
from types import TracebackType

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)  # a write that no disk, quota or limit has room for names no file


class RadError(Exception):
    """Bad input or a missing part. Its text is one line and needs no traceback."""


def quiet_interruptions() -> None:
    """Let Ctrl-C while a command is still being imported (``python -m``) be one word, as it is later on.

    Each package calls this first. It changes nothing for a program that imports us.
    """
    if sys.argv[:1] != ["-m"]:  # what Python puts there until the module of the command is found
        return

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            print("stopped", file=sys.stderr)
        else:
            sys.__excepthook__(kind, error, trace)

    sys.excepthook = hook


def run(main: Callable[[], int | None]) -> None:
    """Run a command's ``main``; its :class:`RadError`, or a file that cannot be used, is one line and exit status 2."""
    try:
        sys.exit(main() or 0)
    except RadError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    except BrokenPipeError:  # the reader of our output (head, less) has gone
        sys.stderr.close()
        sys.exit(0)
    except OSError as error:
        if error.filename is None and error.errno not in NO_ROOM:
            raise  # not about a file
        print(f"error: {error.filename or 'output'}: cannot be read or written ({error.strerror})", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        sys.exit(130)
