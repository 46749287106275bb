"""Commits to the Hub and downloads from it, against the stand-in server of ``fake_hub.py``."""

from __future__ import annotations

import pytest

from rad.errors import RadError
from rad.release import hub
from tests.support.fake_hub import CUT, READER, TOKEN

FILES = {"README.md": b"# Data\n", "items/0.parquet": b"PAR1 some bytes PAR1", "notes/a.txt": b"hello"}


def refused(*args, **kwargs) -> str:
    with pytest.raises(RadError) as error:
        hub.commit("org/data", FILES, "first", *args, **kwargs)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_a_commit_has_all_files_and_a_revision(fake_hub, tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"hello")
    done = hub.commit("org/data", {**FILES, "notes/a.txt": path}, "first")
    repo = fake_hub.repos["org/data"]
    assert repo.files == FILES
    assert done.revision == repo.head and done.url.endswith(repo.head)
    assert done.files == {name: len(content) for name, content in FILES.items()}
    assert len(repo.commits) == 2  # the empty one and this one


def test_what_a_folder_held_before_is_removed_in_the_same_commit(fake_hub):
    hub.commit("org/data", {**FILES, "items/1.parquet": b"old", "kept.txt": b"x"}, "first")
    done = hub.commit("org/data", FILES, "second", replaces=["items/"])
    repo = fake_hub.repos["org/data"]
    assert done.removed == ("items/1.parquet",)
    assert set(repo.files) == {*FILES, "kept.txt"} and len(repo.commits) == 3


def test_the_same_files_again_are_no_commit(fake_hub):
    first = hub.commit("org/data", FILES, "first")
    assert hub.commit("org/data", FILES, "again").revision == first.revision
    assert len(fake_hub.repos["org/data"].commits) == 2


def test_a_dry_run_sends_nothing(fake_hub):
    done = hub.commit("org/data", FILES, "first", dry_run=True)
    assert done.revision is None and set(done.files) == set(FILES)
    assert fake_hub.requests == []


def test_a_pull_request_leaves_the_branch_alone_and_creates_no_repository(fake_hub, monkeypatch):
    assert "no such data set repository" in refused(create_pr=True)
    before = hub.commit("org/data", {"README.md": b"x"}, "made").revision
    monkeypatch.setenv("HF_TOKEN", READER)  # whoever can read may open one
    done = hub.commit("org/data", FILES, "an entry", create_pr=True)
    repo = fake_hub.repos["org/data"]
    assert repo.head == before and done.pull_request.endswith("/discussions/1")
    assert repo.pull_requests == [("an entry", FILES)]


@pytest.mark.parametrize("name", ["data", "a/b/c", "../x", "org/", "org/da ta", "https://x/y"])
def test_a_name_that_is_none(fake_hub, name):
    with pytest.raises(RadError, match="OWNER/NAME"):
        hub.commit(name, FILES, "first")
    assert fake_hub.requests == []


def test_a_file_that_is_not_there(fake_hub, tmp_path):
    with pytest.raises(RadError, match=r"gone\.txt: cannot be read"):
        hub.commit("org/data", {"a": tmp_path / "gone.txt"}, "first")
    assert fake_hub.requests == []


def test_no_token_and_a_wrong_one(fake_hub, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    assert "set HF_TOKEN" in refused()
    monkeypatch.delenv("HF_TOKEN")
    assert "set HF_TOKEN" in refused()
    assert fake_hub.repos == {}


def test_a_token_that_may_not_write(fake_hub, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", READER)
    message = refused()
    assert "no permission" in message and "You don't have the rights." in message and "nothing was published" in message
    assert fake_hub.repos == {}


@pytest.mark.parametrize("status", [409, 412])
def test_someone_else_was_quicker(fake_hub, status):
    fake_hub.fail("/commit/", status)
    assert "changed by someone else" in refused()
    assert fake_hub.count("/commit/") == 1
    assert fake_hub.repos["org/data"].files == {}


def test_a_commit_of_someone_else_in_between_is_not_overwritten(fake_hub, monkeypatch):
    hub.commit("org/data", {"README.md": b"theirs"}, "first")
    original = fake_hub._preupload

    def meanwhile(body, query, repo, revision):  # a fake of someone who commits between our two requests
        fake_hub.repos[repo].add({"README.md": b"newer"}, "theirs")
        return original(body, query, repo, revision)

    monkeypatch.setattr(fake_hub, "_preupload", meanwhile)
    assert "changed by someone else" in refused()
    assert fake_hub.repos["org/data"].files == {"README.md": b"newer"}


@pytest.mark.parametrize("where", ["/api/repos/create", "/api/datasets/org/data$", "/preupload/", "/lfs/", "/commit/"])
@pytest.mark.parametrize("status", [429, 500, 503, CUT])
def test_a_fault_that_passes_is_survived(fake_hub, where, status):
    fake_hub.fail(where, status, times=2)
    hub.commit("org/data", FILES, "first")
    assert fake_hub.repos["org/data"].files == FILES
    assert len(fake_hub.repos["org/data"].commits) == 2


@pytest.mark.parametrize("where", ["/api/repos/create", "/preupload/", "/lfs/", "/commit/"])
@pytest.mark.parametrize(
    ("status", "text"), [(429, "takes no more requests"), (503, "answered 503"), (CUT, "no connection")]
)
def test_a_fault_that_stays_is_one_line_and_nothing_is_published(fake_hub, where, status, text):
    fake_hub.fail(where, status, times=50)
    message = refused()
    assert text in message and "nothing was published" in message
    assert all(repo.files == {} for repo in fake_hub.repos.values())
    assert fake_hub.count(where) <= 6


def test_an_answer_that_was_lost_makes_no_second_commit(fake_hub):
    fake_hub.fail("/commit/", CUT, after=True)
    done = hub.commit("org/data", FILES, "first")
    repo = fake_hub.repos["org/data"]
    assert done.revision == repo.head and repo.files == FILES and len(repo.commits) == 2


@pytest.mark.parametrize("status", [500, 502, CUT])
def test_a_pull_request_that_may_be_there_is_not_opened_twice(fake_hub, status):
    hub.commit("org/data", {"README.md": b"x"}, "made")
    fake_hub.fail("/commit/", status, after=True)
    message = refused(create_pr=True)
    assert f"{fake_hub.url}/datasets/org/data/discussions" in message
    assert len(fake_hub.repos["org/data"].pull_requests) == 1


def test_the_wait_that_the_server_asks_for(fake_hub, slept):
    fake_hub.fail("/commit/", 429, headers={"Retry-After": "7"})
    hub.commit("org/data", FILES, "first")
    assert 7 in slept
    fake_hub.fail("/commit/", 429, headers={"Retry-After": "3600"})
    assert "wait 3600 s" in refused_other()


def refused_other() -> str:
    with pytest.raises(RadError) as error:
        hub.commit("org/data", {"other.txt": b"x"}, "second")
    return str(error.value)


def test_a_server_that_is_not_there(fake_hub, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    assert "no connection to http://127.0.0.1:9" in refused()


def test_offline(fake_hub, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    assert "HF_HUB_OFFLINE is set" in refused()


def test_the_token_is_in_no_message(fake_hub):
    fake_hub.fail("/api/repos/create", 403, body=f"bad {'x' * 500}\nmore")
    message = refused()
    assert TOKEN not in message and len(message) < 500


def test_a_snapshot_is_pinned(fake_hub):
    first = hub.commit("org/data", FILES, "first").revision
    hub.commit("org/data", {"notes/a.txt": b"changed"}, "second")
    folder, revision = hub.fetch("org/data", first)
    assert revision == first and (folder / "notes" / "a.txt").read_bytes() == b"hello"
    folder, revision = hub.fetch("org/data")
    assert revision == fake_hub.repos["org/data"].head
    assert {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()} == {
        **FILES,
        "notes/a.txt": b"changed",
    }


def test_what_cannot_be_fetched(fake_hub):
    with pytest.raises(RadError, match="no such data set repository"):
        hub.fetch("org/none")
    hub.commit("org/data", FILES, "first")
    with pytest.raises(RadError, match="no such revision"):
        hub.fetch("org/data", "f" * 40)


def test_a_download_that_breaks_off_is_no_file(fake_hub):
    hub.commit("org/data", FILES, "first")
    fake_hub.fail("/resolve/", 503, times=100)
    with pytest.raises(RadError, match="nothing was read"):
        hub.fetch("org/data")
    fake_hub.failures.clear()
    folder, _ = hub.fetch("org/data")
    assert (folder / "notes" / "a.txt").read_bytes() == b"hello"
