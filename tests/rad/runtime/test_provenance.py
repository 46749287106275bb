"""Provenance: of the project's own tree, whatever the working directory; None outside git."""

import subprocess
import sys

import pytest

from rad.runtime import provenance


def git(folder, *arguments):
    who = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", "-C", str(folder), *who, *arguments], check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path):
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "-q")
    (folder / "a.py").write_text("a = 1\n")
    git(folder, "add", "a.py")
    git(folder, "commit", "-q", "-m", "first")
    return folder


def test_a_clean_tree(repository):
    facts = provenance.tree(repository)
    assert len(facts["commit"]) == 40 and facts["dirty"] is False and facts["diff"] is None


@pytest.mark.parametrize("folder", ["results", "leaderboard/entries"])
def test_results_and_entries_leave_the_tree_clean(repository, folder):
    (repository / folder).mkdir(parents=True)
    (repository / folder / "result.json").write_text("{}")
    assert provenance.tree(repository)["dirty"] is False
    git(repository, "add", "--all")
    git(repository, "commit", "-q", "-m", "one more")
    (repository / folder / "result.json").write_text("{ }")
    assert provenance.tree(repository)["dirty"] is False


def test_changes_and_new_files_make_it_dirty_and_are_hashed(repository):
    diffs = {provenance.tree(repository)["diff"]}
    for content in ("a = 2\n", "a = 3\n"):
        (repository / "a.py").write_text(content)
        facts = provenance.tree(repository)
        assert facts["dirty"] is True
        diffs.add(facts["diff"])
    for content in ("b", "c"):
        (repository / "new.py").write_text(content)
        diffs.add(provenance.tree(repository)["diff"])
    assert len(diffs) == 5
    (repository / "a.py").write_text("a = 1\n")
    (repository / "new.py").unlink()
    assert provenance.tree(repository)["dirty"] is False


def test_a_repository_without_a_commit(tmp_path):
    git(tmp_path, "init", "-q")
    assert provenance.tree(tmp_path) == {"commit": None, "dirty": False, "diff": None}


def test_outside_git_and_inside_another_repository_there_is_no_commit(repository, tmp_path):
    nothing = {"commit": None, "dirty": None, "diff": None}
    inner = repository / "site-packages"
    inner.mkdir()
    assert provenance.tree(inner) == nothing
    assert provenance.tree(tmp_path / "missing") == nothing


def test_without_git_there_is_no_commit(repository, monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert provenance.tree(repository)["commit"] is None


def test_the_working_directory_does_not_matter(repository, monkeypatch):
    here = provenance.tree()
    monkeypatch.chdir(repository)
    assert provenance.tree() == here


def test_collect_has_what_a_result_needs(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["x", "--data-dir", "/home/someone/data", "--endpoint=http://localhost:8000/v1/x"])
    facts = provenance.collect(seed=3, started_at="2026-01-31T12:00:00Z", device="cpu")
    assert facts["seed"] == 3 and facts["started_at"] == "2026-01-31T12:00:00Z" and facts["finished_at"].endswith("Z")
    assert facts["packages"]["numpy"] and facts["python"].startswith("3.")
    assert facts["command"][-3:] == ["--data-dir", ".../data", "--endpoint=http://localhost:8000/v1/x"]
    assert "/home/someone" not in str(facts)


def test_versions_leave_out_what_is_not_installed():
    assert provenance.versions(("numpy", "no-such-package")).keys() == {"numpy"}
