"""The Hugging Face Hub: one atomic commit of files up, one pinned snapshot of files down.

Who calls needs a token only to write (``HF_TOKEN``, or ``hf auth login``); ``HF_ENDPOINT`` names another server. What
may be sent again without harm is: huggingface_hub retries the upload of contents, which nobody sees before the commit,
and :func:`commit` the rest. A commit states the revision that it follows, so a repository that someone else has
changed meanwhile is left alone; a pull request of which it is not known whether it was opened is not opened again.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from rad.errors import RadError

if TYPE_CHECKING:
    from huggingface_hub import HfApi

T = TypeVar("T")

REPO = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
"""``OWNER/NAME``."""
TRIES = 4
LONGEST = 60.0  # seconds that a server may ask to wait; more is the user's to decide
_UPLOADS = ("/preupload/", "/info/lfs/")  # requests that huggingface_hub has sent six times when they fail


@dataclass(frozen=True, slots=True)
class Commit:
    """What :func:`commit` did, or would do. ``revision`` is the commit's hash, None in a dry run.

    ``files`` has the size in bytes of each path that was sent, ``removed`` the paths that were deleted.
    """

    repo: str
    files: Mapping[str, int]
    removed: tuple[str, ...] = ()
    revision: str | None = None
    url: str | None = None
    pull_request: str | None = None


def commit(
    repo: str,
    files: Mapping[str, Path | bytes],
    message: str,
    create_pr: bool = False,
    dry_run: bool = False,
    replaces: Collection[str] = (),
) -> Commit:
    """Write ``files`` (path in the repository -> file or content) to a data set repository as one commit, or nothing.

    Args:
        repo: OWNER/NAME. It is created where there is none, unless ``create_pr``.
        files: All that the commit writes.
        message: Of the commit.
        create_pr: Open a pull request in place of changing the main branch.
        dry_run: Send nothing.
        replaces: Folders (``data/``) of which nothing stays but what is in ``files``.

    Raises:
        RadError: A bad name, a missing token or permission, a repository that changed meanwhile, or a server that is
            busy, broken or gone.
    """
    check_name(repo)
    if not files:
        raise RadError(f"{repo}: nothing to send")
    sizes = {path: len(x) if isinstance(x, bytes) else _size(x) for path, x in sorted(files.items())}
    if dry_run:
        return Commit(repo, sizes)
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete

    api = _api()

    def send() -> Commit:
        if not create_pr:
            api.create_repo(repo, repo_type="dataset", exist_ok=True)
        head = api.repo_info(repo, repo_type="dataset").sha
        there = api.list_repo_files(repo, repo_type="dataset", revision=head) if replaces else []
        old = tuple(path for path in there if path not in files and path.startswith(tuple(replaces)))
        operations: list[CommitOperationAdd | CommitOperationDelete] = [
            *(CommitOperationAdd(path, content) for path, content in sorted(files.items())),
            *(CommitOperationDelete(path) for path in old),
        ]
        done = api.create_commit(
            repo, operations, commit_message=message, repo_type="dataset", create_pr=create_pr, parent_commit=head
        )
        return Commit(repo, sizes, old, done.oid, done.commit_url, done.pr_url)

    return _calling(send, api, repo, "nothing was published", create_pr)


def fetch(repo: str, revision: str | None = None) -> tuple[Path, str]:
    """The folder with the files of a data set repository, and its commit hash.

    ``revision`` is a hash, tag or branch (default: main); what is in the local cache is not fetched again.
    """
    check_name(repo)
    api = _api()

    def get() -> tuple[Path, str]:
        folder = api.snapshot_download(
            repo,
            repo_type="dataset",
            revision=revision,
        )
        return Path(folder), Path(folder).name  # a snapshot's folder is named by its commit

    return _calling(get, api, repo, "nothing was read", False)


def read(repo: str, path: str) -> bytes | None:
    """One file of a data set repository as it is now, or None where there is no such file or repository."""
    from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError, RepositoryNotFoundError

    check_name(repo)
    api = _api()

    def get() -> bytes | None:
        try:
            return Path(api.hf_hub_download(repo, path, repo_type="dataset")).read_bytes()
        except LocalEntryNotFoundError:  # of the cache: the server could not be asked
            raise
        except (EntryNotFoundError, RepositoryNotFoundError):
            return None

    return _calling(get, api, repo, "nothing was published", False)


def check_name(repo: str) -> None:
    """:class:`RadError` unless ``repo`` is OWNER/NAME."""
    if not REPO.fullmatch(repo):
        raise RadError(f"'{repo}' is no repository of the Hub: OWNER/NAME is one")


def _api() -> HfApi:
    from huggingface_hub import HfApi

    return HfApi(endpoint=os.environ.get("HF_ENDPOINT") or None)  # read now, not when the library was imported


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        raise RadError(f"{path}: cannot be read ({error.strerror or error})") from error


class _Busy(RadError):
    """A failure after which the same request may be sent again; ``wait`` is what the server asks for, in seconds."""

    def __init__(self, line: str, wait: float | None) -> None:
        super().__init__(line)
        self.wait = wait


def _calling(call: Callable[[], T], api: HfApi, repo: str, outcome: str, once: bool) -> T:
    """``call()``, again where that is safe; its error as one line that ends with ``outcome``, what did not happen.

    ``once``: what the request ``/commit/`` does must not be done twice.
    """
    from huggingface_hub.errors import HTTPError
    from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential

    def attempt() -> T:
        try:
            return call()
        except (HTTPError, OSError, RuntimeError, ValueError) as error:
            raise _failure(error, api, repo, outcome, once) from error

    def wait(state: RetryCallState) -> float:
        busy = state.outcome.exception() if state.outcome else None
        delay = busy.wait if isinstance(busy, _Busy) else None
        return wait_exponential()(state) if delay is None else delay

    stop = stop_after_attempt(TRIES)
    return Retrying(retry=retry_if_exception_type(_Busy), wait=wait, stop=stop, sleep=time.sleep, reraise=True)(attempt)


def _failure(error: Exception, api: HfApi, repo: str, outcome: str, once: bool) -> RadError:
    """The line that says what went wrong, as :class:`_Busy` where trying again is safe and may help."""
    from huggingface_hub.errors import HTTPError

    cause = _http_cause(error)
    url, status, delay = _request(cause)
    sure = (status is not None and status < 500) or type(cause).__name__ in ("ConnectError", "ConnectTimeout")
    if once and "/commit/" in url and not sure:
        return RadError(
            f"{repo}: {_what(cause, status)} while the pull request was being opened; see "
            f"{api.endpoint}/datasets/{repo}/discussions whether it is there before it is sent again"
        )
    line = f"{repo}: {_line(cause, status, delay, api.endpoint)}; {outcome}"
    busy = (status is None and isinstance(cause, HTTPError)) or status == 429 or (status or 0) >= 500
    retried = cause is not error or any(part in url for part in _UPLOADS)  # uploads come wrapped
    return _Busy(line, delay) if busy and not retried and (delay or 0) <= LONGEST else RadError(line)


def _http_cause(error: BaseException) -> BaseException:
    """The answer or broken connection behind an error that huggingface_hub wraps in one of its own."""
    from huggingface_hub.errors import HTTPError

    link: BaseException | None = error
    while link is not None and not isinstance(link, HTTPError):
        link = link.__cause__
    return link or error


def _request(error: BaseException) -> tuple[str, int | None, float | None]:
    """URL, status (None without an answer) and the seconds that the server asks to wait."""
    response: Any = getattr(error, "response", None)
    try:
        request: Any = getattr(error if response is None else response, "request", None)
    except RuntimeError:  # httpx raises where there is none
        request = None
    retry_after = response.headers.get("Retry-After", "") if response is not None else ""
    return str(getattr(request, "url", "")), getattr(response, "status_code", None), _seconds(retry_after)


def _seconds(text: str) -> float | None:
    return float(text) if text.isdigit() else None


def _what(error: BaseException, status: int | None) -> str:
    return f"the server answered {status}" if status else f"the connection was lost ({_short(error)})"


def _line(error: BaseException, status: int | None, delay: float | None, endpoint: str) -> str:
    """What is wrong and what to do, in one line."""
    from huggingface_hub.errors import HTTPError, OfflineModeIsEnabled, RepositoryNotFoundError, RevisionNotFoundError

    message = getattr(error, "server_message", None)
    reason = f" ({' '.join(str(message).split())[:200]})" if message else ""
    if isinstance(error, RevisionNotFoundError):
        return f"it has no such revision{reason}"
    if (isinstance(error, RepositoryNotFoundError) and status != 401) or status == 404:
        return f"no such data set repository at {endpoint}, or a private one that HF_TOKEN does not open{reason}"
    if status == 401:
        return f"the Hub does not know you: set HF_TOKEN, or run 'hf auth login'{reason}"
    if status == 403:
        return f"your token has no permission for this: it must be one that may write to {endpoint}/datasets{reason}"
    if status in (409, 412):
        return f"it was changed by someone else meanwhile{reason}: look at it, then send again"
    if status == 429:
        wait = f"wait {delay:.0f} s" if delay else "wait a few minutes"
        return f"the Hub takes no more requests for now{reason}: {wait}, then send again"
    if status is not None:
        return f"{endpoint} answered {status}{reason}" + (": try again later" if status >= 500 else "")
    if isinstance(error, OfflineModeIsEnabled):
        return "HF_HUB_OFFLINE is set: unset it"
    if isinstance(error, HTTPError):
        return f"no connection to {endpoint} ({_short(error)}): try again later"
    return _short(error)


def _short(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
