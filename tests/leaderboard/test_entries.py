"""Submitting, verifying and withdrawing entries; a folder of entries under git that only grows."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from benchmarks.harness.results import read_result
from leaderboard.__main__ import COMMANDS, main, summary
from leaderboard.owners.keys import ensured
from leaderboard.site.admission import admitted
from leaderboard.site.significance import OpenData
from leaderboard.verification import opening
from leaderboard.verification.folder import read_entries
from leaderboard.verification.submission import store
from rad.errors import RadError
from rad.release import hub
from rad.runtime.files import sha256_file
from tests.support.submissions import WHO, WORLD, enter, lines_of

pytestmark = pytest.mark.xdist_group("submissions")  # two runs and their entries, once, by one worker


def verify(root, *more):
    return main(["verify", "--entries", str(root), *map(str, more)])


def test_a_run_becomes_an_entry_that_holds(runs, root, capsys):
    path = enter(runs["template"], root)
    (entry,) = read_entries(root)
    result = read_result(runs["template"])
    assert path == root / entry.file
    assert entry.result == result and entry.submitter.name == "Ada"
    assert entry.trained_on == (result.model.trained_on or [f"{WORLD}/train"])
    assert b"\n".join([*lines_of(path), b""]) == (runs["template"] / "predictions.jsonl").read_bytes()
    first = entry.examples[0]
    assert len(entry.examples) == 10 and first.rationale and first.claims and len(first.ranking) == 10
    assert {item for e in entry.examples for item in (*e.history, *e.ranking, e.target)} == entry.titles.keys()
    assert verify(root) == 0
    out = capsys.readouterr().out
    assert f"{len(result.scores)} scores recomputed, 0 attested" in out and "1 entry: 1 holds, 0 refused" in out


def test_the_same_run_packs_to_the_same_bytes(runs, tmp_path):
    one, two = (enter(runs["popularity"], tmp_path / name) for name in "ab")
    packed = [sha256_file(p.with_name(p.stem + ".predictions.jsonl.gz")) for p in (one, two)]
    assert packed[0] == packed[1]


def test_a_dry_run_shows_what_would_be_sent_and_writes_nothing(runs, root, capsys):
    assert main(["submit", str(runs["popularity"]), *WHO, "--to", str(root), "--dry-run"]) == 0
    out = capsys.readouterr().out
    name = read_result(runs["popularity"]).run_id
    assert f"would send entries/popularity/{name}.predictions.jsonl.gz" in out
    assert f"would send entries/popularity/{name}.json" in out and "Ada <ada@example.org>" in out
    assert not root.exists()


@pytest.mark.parametrize("part", [{"limit": 5}, {"split": "validation"}])
def test_a_run_of_another_task_is_refused_in_one_line(runs, root, tmp_path, part):
    folder = shutil.copytree(runs["popularity"], tmp_path / "part")
    raw = json.loads((folder / "result.json").read_text())
    raw["task"] |= part
    (folder / "result.json").write_text(json.dumps(raw))
    lines = (folder / "predictions.jsonl").read_text().splitlines(keepends=True)
    (folder / "predictions.jsonl").write_text("".join(lines[:5]).replace('"query_id":"', '"query_id":"x'))
    ((name, value),) = part.items()
    with pytest.raises(RadError) as error:
        main(["submit", str(folder), *WHO, "--to", str(root)])
    assert str(error.value).startswith(f"{folder}: result.task.{name}: {value}, ") and len(str(error.value)) < 200
    assert not root.exists()


def test_an_entry_is_proposed_on_the_hub_as_one_pull_request(runs, fake_hub, capsys):
    """The Hub is the stand-in server of ``fake_hub.py``."""
    hub.commit("org/results", {"README.md": b"x"}, "made")
    line = ["submit", str(runs["popularity"]), *WHO, "--repo", "org/results"]
    fake_hub.requests.clear()
    assert main([*line, "--dry-run"]) == 0
    assert fake_hub.requests == [] and "to org/results, as Ada" in capsys.readouterr().out
    assert main(line) == 0
    assert "opened http" in capsys.readouterr().out
    ((title, files),) = fake_hub.repos["org/results"].pull_requests
    name = read_result(runs["popularity"]).run_id
    assert title == f"Entry popularity {name}"
    names = {f"entries/popularity/{name}.json", f"entries/popularity/{name}.predictions.jsonl.gz"}
    assert files.keys() == {"README.md", *names}  # what was there, and the entry
    with pytest.raises(RadError, match="choose one"):
        main([*line, "--to", "x"])


def test_an_entry_is_added_once_and_never_changed(runs, entered, root):
    path = entered("popularity")
    before = path.read_bytes()
    with pytest.raises(RadError, match="entries are added, never changed"):
        main(["submit", str(runs["popularity"]), "--name", "Eve", "--contact", "eve@example.org", "--to", str(root)])
    assert path.read_bytes() == before
    shutil.move(path.parent, path.parent.with_name("other"))
    with pytest.raises(RadError, match="has this run_id"):
        main(["submit", str(runs["popularity"]), *WHO, "--to", str(root)])


def test_of_two_submissions_at_once_one_is_told_that_it_lost(submitted, root):
    path = submitted["popularity"]
    entry, predictions = read_entries(path.parent.parent)[0], path.with_name(path.stem + ".predictions.jsonl.gz")
    others = [entry.model_copy(update={"model_card": f"card {k}"}) for k in range(8)]
    wrote, start = [], threading.Barrier(len(others))

    def send(one) -> None:
        start.wait()
        with suppress(RadError):
            store(one, predictions, root)
            wrote.append(one)

    threads = [threading.Thread(target=send, args=(one,)) for one in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(wrote) == 1 and read_entries(root) == wrote


def test_a_submission_that_was_stopped_half_way_goes_on(runs, entered, root):
    path = entered("popularity")
    path.unlink()  # the predictions are written first
    predictions = path.with_name(path.stem + ".predictions.jsonl.gz")
    predictions.write_bytes(b"other")
    assert enter(runs["popularity"], root) == path
    assert verify(root) == 0


def test_what_a_submitter_gives_is_text_and_its_faults_name_their_files(runs, root, tmp_path, capsys):
    folder = shutil.copytree(runs["popularity"], tmp_path / "run")
    line = ["submit", str(folder), "--contact", "a@example.org", "--name"]
    with pytest.raises(RadError, match=r"submitter.name: '\[/red\]Ada' has the character U\+005B"):
        main([*line, "[/red]Ada", "--to", str(root), "--dry-run"])
    with pytest.raises(RadError, match="'nowhere' is no repository"):
        main([*line, "Ada", "--repo", "nowhere"])
    assert capsys.readouterr().out == ""  # told before any work
    (folder / "MODEL_CARD.md").write_bytes(b"a\xff")
    with pytest.raises(RadError, match=r"run/MODEL_CARD\.md: not UTF-8 \(byte 1\)"):
        main([*line, "Ada", "--to", str(root)])
    (folder / "MODEL_CARD.md").unlink()
    lines = folder / "predictions.jsonl"
    lines.write_bytes(lines.read_bytes()[:-20])
    with pytest.raises(RadError, match=rf"^{lines}:\d+: the last line has no end"):
        main([*line, "Ada", "--to", str(root)])
    assert not root.exists()


def test_a_scorecard_goes_with_its_run_and_is_computed_again(runs, root, tmp_path, capsys):
    folder = tmp_path / "told"
    shutil.copytree(runs["template"], folder)
    from benchmarks.explanations import families, finished_run, scoring

    kinds = families.explanation_metrics
    fast = {"claim_precision", "text_agreement", "reason_f1@3", "unique_sentence_ratio"}

    def some(attested):
        return {name: kind for name, kind in kinds(attested).items() if name in fast}

    with pytest.MonkeyPatch.context() as patch:  # the rest loads an embedding
        patch.setattr(scoring, "explanation_metrics", some)
        finished = finished_run.read_finished_run(folder, finished_run.DatasetCache())
        scoring.explain(finished, scoring.ScorecardOptions(ask=None))
    path = enter(folder, root)
    raw = json.loads(path.read_text())
    assert {s["metric"] for s in raw["explanation"]["scores"]} == fast
    assert verify(root) == 0
    raw["signature"] = None  # what is changed here is not what its owner signed
    raw["explanation"]["scores"][0]["value"] -= 0.1
    raw["explanation"]["scores"].append(
        {**raw["explanation"]["scores"][0], "metric": "swap", "value": 0.2, "ci_low": 0.1, "ci_high": 0.3}
        | {"basis": "attested", "n": 40}
    )
    path.write_text(json.dumps(raw))
    capsys.readouterr()
    assert verify(root) == 1
    out = capsys.readouterr().out
    assert out.count("refused template/") == 1 and "explanation.scores: claim_precision (all) is" in out
    del raw["explanation"]["scores"][0]
    path.write_text(json.dumps(raw))
    assert verify(root) == 0
    assert "1 attested" in capsys.readouterr().out


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: raw["result"]["cost"].update(ms_per_query=0.001),
        lambda raw: raw["result"]["provenance"].update(settings={"a": 1}),
        lambda raw: raw.update(trained_on=["another"]),
        lambda raw: raw["result"]["scores"].append(
            {**raw["result"]["scores"][0], "metric": "trust", "slice": "all", "basis": "attested"}
        ),
    ],
)
def test_a_copy_of_an_entry_with_anything_changed_is_not_its_owners(change, entered, root, capsys):
    path = entered("popularity")
    raw = json.loads(path.read_text())
    change(raw)
    path.write_text(json.dumps(raw))
    assert verify(root) == 1
    assert "signature: not by this key over this entry" in capsys.readouterr().out


def test_withdrawing_adds_a_file_and_deletes_nothing(entered, root, tmp_path, capsys):
    path = entered("popularity")
    before = {p: p.read_bytes() for p in root.rglob("*") if p.is_file()}
    line = ["withdraw", path.stem, "--reason", "a mistake", "--entries", str(root)]
    with pytest.raises(RadError, match="not the key that signed the entry"):
        main([*line, "--key", str(ensured(tmp_path / "eve"))])
    with pytest.raises(RadError, match="no such key"):
        main([*line, "--key", str(tmp_path / "none")])
    with pytest.raises(RadError, match="markup"):
        main([*line[:3], "<script>", *line[4:]])
    with pytest.raises(RadError, match="no entry has the run_id nothing"):
        main(["withdraw", "nothing", *line[2:]])
    assert main(line) == 0
    assert admitted(root, OpenData(None)).withdrawn == {path.stem: "a mistake"}
    assert all(p.read_bytes() == content for p, content in before.items())
    assert len(read_entries(root)) == 1 and verify(root) == 0
    with pytest.raises(RadError, match="withdrawn already"):
        main(line)
    other = path.with_name(path.stem + ".withdrawn.json")
    raw = json.loads(other.read_text())
    for change in ({"reason": "another"}, {"signature": None}):
        other.write_text(json.dumps(raw | change))
        assert verify(root) == 1
        assert "not signed by the key of the entry" in capsys.readouterr().out


def test_a_folder_with_what_is_no_entry_is_refused(entered, root, capsys):
    path = entered("popularity")
    (path.parent / "page.html").write_text("<script>")
    (path.parent / "x.withdrawn.json").write_text("{}")
    (root / "loose.json").write_text("{}")
    (path.parent / "deep").mkdir()
    (root / "linked").symlink_to(path.parent)
    copy = root / "copy" / path.name
    copy.parent.mkdir()
    shutil.copy(path, copy)
    other = path.with_name(path.stem + ".withdrawn.json")
    other.write_text(
        json.dumps(
            {"schema_version": 1, "run_id": path.stem, "reason": "not mine", "withdrawn_at": "2026-01-31T12:00:00Z"}
            | {"submitter": {"name": "Eve", "contact": "eve@example.org"}}
        )
    )
    assert verify(root, path) == 1
    out = capsys.readouterr().out
    for words in (
        "popularity/page.html: no part of an entry",
        "popularity/x.withdrawn.json: no part of an entry",
        "loose.json: no part of an entry",
        "popularity/deep: a folder",
        "linked: a link",
        f"{path.name}: this run_id stands in 2 folders",
        "only who submitted an entry withdraws it (Ada)",
    ):
        assert words in out, (words, out)


def git(folder, *arguments):
    who = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=main")
    subprocess.run(["git", *who, "-C", str(folder), *arguments], check=True, capture_output=True)


def test_who_submits_is_told_the_licence(runs, root, capsys):
    enter(runs["popularity"], root)
    assert "published under CC BY 4.0, to which who sends it agrees" in capsys.readouterr().out


def test_a_pull_request_may_only_add(entered, root, capsys):
    old = entered("popularity")
    git(root.parent, "init")
    git(root.parent, "add", "entries")
    git(root.parent, "commit", "-m", "first")
    git(root.parent, "checkout", "-b", "request")
    new = entered("template")
    git(root.parent, "add", "entries")
    git(root.parent, "commit", "-m", "an entry")
    capsys.readouterr()
    assert verify(root, "--changed-since", "main") == 0
    out = capsys.readouterr().out
    assert f"ok template/{new.name}" in out and "popularity" not in out  # what was there is not verified again

    taken = json.loads(old.read_text())
    taken["submitter"] = {"name": "Eve", "contact": "eve@example.org"}  # another user's entry, overwritten
    old.write_text(json.dumps(taken))
    git(root.parent, "commit", "-am", "mine now")
    assert verify(root, "--changed-since", "main") == 1
    assert f"refused popularity/{old.name}: changed since main: files are added, never" in capsys.readouterr().out

    git(root.parent, "rm", "-q", "-r", "entries/popularity")
    git(root.parent, "commit", "-m", "gone")
    assert verify(root, "--changed-since", "main") == 1
    out = capsys.readouterr().out
    assert f"popularity/{old.name}: deleted since main" in out
    assert f"popularity/{old.stem}.predictions.jsonl.gz: deleted since main" in out
    with pytest.raises(RadError, match="git diff"):
        verify(root, "--changed-since", "nowhere")


def test_a_pull_request_speaks_for_its_owner_alone(runs, entered, root, tmp_path, capsys, monkeypatch):
    old = entered("popularity")  # by Ada, signed
    git(root.parent, "init")
    git(root.parent, "add", "entries")
    git(root.parent, "commit", "-m", "first")
    git(root.parent, "checkout", "-b", "request")

    def sent(name: str, *more: str) -> str:
        """What verify says of an entry under this name."""
        git(root.parent, "checkout", "-q", "-B", "request", "main")
        line = ["submit", str(runs["template"]), "--name", name, "--contact", "ada@example.org", "--to", str(root)]
        assert main([*line, *more]) == 0
        git(root.parent, "add", "entries")
        git(root.parent, "commit", "-m", "an entry")
        capsys.readouterr()
        verify(root, "--changed-since", "main")
        return capsys.readouterr().out

    eve = ["--key", str(ensured(tmp_path / "eve"))]
    assert "1 entry: 1 holds, 0 refused\n" in sent("Ada")
    for name in ("Ada", "ADA", "A.d.a"):
        assert "another owner has entries under a name that looks like" in sent(name, *eve)
    assert "would be read as this project's" in sent("The RAD team", *eve)
    # a task that the repository has no entry of is its owner's to add; nothing of it is built
    new = next(root.glob("template/*[0-9a-f].json"))
    raw = json.loads(new.read_text())
    raw["result"]["task"]["domain"] = "world:seed=8,users=4000,items=4000"
    new.write_text(json.dumps(raw))
    git(root.parent, "commit", "-am", "a task of my own")
    monkeypatch.setattr(opening, "open_dataset", None)
    verify(root, "--changed-since", "main")
    assert "is no task here: the repository's owner adds the first entry of one" in capsys.readouterr().out
    monkeypatch.undo()
    assert "1 entry: 1 holds, 0 refused\n" in sent("Eve", *eve)
    new = next(root.glob("template/*[0-9a-f].json"))
    raw = json.loads(new.read_text())
    new.write_text(json.dumps(raw | {"signature": None}))
    git(root.parent, "commit", "-am", "unsigned")
    verify(root, "--changed-since", "main")
    assert f"refused template/{new.name}: not signed: a new entry shows" in capsys.readouterr().out
    # a withdrawal of an unsigned entry is not for strangers
    git(root.parent, "checkout", "-q", "-B", "request", "main")
    old.write_text(json.dumps(json.loads(old.read_text()) | {"signature": None}))
    git(root.parent, "commit", "-am", "as it was before signatures")
    git(root.parent, "branch", "-f", "main")
    assert main(["withdraw", old.stem, "--reason", "I say so", "--entries", str(root)]) == 0
    git(root.parent, "add", "entries")
    git(root.parent, "commit", "-m", "taken")
    verify(root, "--changed-since", "main")
    assert "nobody can show that it is theirs" in capsys.readouterr().out


def test_an_entry_outside_the_folder_is_not_verified(entered, root, tmp_path):
    path = entered("popularity")
    with pytest.raises(RadError, match="does not lie in a model's folder"):
        verify(root, tmp_path / "x" / path.name)
    with pytest.raises(RadError, match="no such folder"):
        verify(tmp_path / "none")
    with pytest.raises(RadError, match="it needs --secret"):
        verify(root, "--to", tmp_path)


def test_the_commands_are_listed_and_help_loads_no_model():
    code = "import sys; from leaderboard.__main__ import main\ntry: main(['--help'])\nexcept SystemExit: pass\n"
    code += "assert not {'torch', 'numpy', 'pydantic'} & sys.modules.keys()"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2]
    )
    for name in COMMANDS:
        if summary(name):
            assert name in done.stdout
