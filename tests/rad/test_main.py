"""``python -m rad``: what is printed, the exit status, and the one line for each mistake."""

import errno
import subprocess
import sys
from dataclasses import replace

import pytest

from rad import __main__ as cli
from rad import errors
from rad.data import load
from rad.errors import RadError
from rad.runtime import files
from rad.runtime.files import write_jsonl


@pytest.fixture
def toy_domain(toy, monkeypatch):
    """The toy world under the name ``world``."""
    monkeypatch.setattr(load, "open_dataset", lambda name, data_dir, protocol: toy)
    monkeypatch.setenv("COLUMNS", "120")
    return toy


def test_describe_prints_counts_splits_and_three_examples(toy_domain, capsys):
    assert cli.main(["describe", "world"]) == 0
    out = capsys.readouterr().out
    for text in ("users", "sparsity", "warm targets", "70.0%", "30.0%", "colour", "sha256 " + toy_domain.sha256):
        assert text in out
    assert "test query u01-5" in out and "[5] Gilu" not in out
    assert "because of attribute [5] (colour blue): wants colour blue" in out
    assert "next Gilu blue hat" in out


def test_describe_shows_three_examples_without_rationales(toy, monkeypatch, capsys):
    bare = tuple(replace(e, rationale=None) for e in toy.examples["test"])
    data = replace(toy, examples={**toy.examples, "test": bare}, notes={"items without text": 3})
    monkeypatch.setattr(load, "open_dataset", lambda name, data_dir, protocol: data)
    assert cli.main(["describe", "world"]) == 0
    out = capsys.readouterr().out
    assert out.count("test query") == 3 and "items without text" in out


def test_load_counts_and_writes(toy_domain, tmp_path, capsys):
    assert cli.main(["load", "world", "--out", str(tmp_path / "out")]) == 0
    out = capsys.readouterr().out
    assert "rationales" in out and "train.parquet" in out
    assert (tmp_path / "out" / "dataset.json").is_file()


def test_check_is_0_without_and_1_with_a_leak(toy_domain, tmp_path, capsys):
    assert cli.main(["check", "world"]) == 0
    assert "leaks: 0, notes: 3" in capsys.readouterr().out
    bad = [{"text": "Their next purchase is a hat."}]
    write_jsonl(tmp_path / "x.jsonl", bad)
    assert cli.main(["check", str(tmp_path / "x.jsonl")]) == 1
    out = capsys.readouterr().out
    assert "1 of 1" in out and "line 1: next purchase" in out


def test_check_of_a_file_against_a_domain(toy_domain, tmp_path, capsys):
    rationale = next(e.rationale for e in toy_domain.examples["test"] if e.rationale)
    write_jsonl(tmp_path / "x.jsonl", [rationale])
    assert cli.main(["check", str(tmp_path / "x.jsonl"), "--domain", "world"]) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["load", "wrld"], "unknown domain 'wrld' (did you mean 'world'?); available: "),
        (["describe", "wrld", "--protocol", "tme"], "(did you mean 'world'?)"),
        (["describe", "wrld", "--protocol", "tme"], "; unknown protocol 'tme' (did you mean 'time'?); available: full"),
        (["check", "gone.jsonl"], "gone.jsonl: no such file"),
        (["check", "world", "--domain", "world"], "--domain goes with a file of rationales; 'world' is none"),
        (["load", "scientific"], "scientific needs raw files: give --data-dir DIR (or set RAD_DATA)"),
        (
            ["load", "scientific", "--data-dir", "nowhere"],
            "scientific: nowhere/scientific/ lacks Scientific.train.inter",
        ),
    ],
)
def test_mistakes_are_one_line(arguments, message):
    with pytest.raises(RadError) as error:
        cli.main(arguments)
    assert message in str(error.value) and "\n" not in str(error.value)


def test_help_has_examples():
    done = subprocess.run([sys.executable, "-m", "rad", "--help"], capture_output=True, text=True)
    assert done.returncode == 0
    assert "python -m rad load world" in done.stdout
    assert "A NAME is one of: " in done.stdout and "scientific, " in done.stdout


def test_an_error_is_one_line_on_stderr_and_status_2():
    done = subprocess.run([sys.executable, "-m", "rad", "load", "wrld"], capture_output=True, text=True)
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.startswith("error: unknown domain 'wrld'") and done.stderr.count("\n") == 1


def test_run_turns_errors_into_a_status(capsys):
    def fail():
        raise RadError("it is missing")

    with pytest.raises(SystemExit) as end:
        errors.run(fail)
    assert end.value.code == 2 and capsys.readouterr().err == "error: it is missing\n"
    with pytest.raises(SystemExit) as end:
        errors.run(lambda: 1)
    assert end.value.code == 1


def test_a_file_that_cannot_be_used_is_one_line(tmp_path, capsys):
    (tmp_path / "file").touch()

    def write():
        with files.atomic_write(tmp_path / "file/out.json") as file:
            file.write("x")

    def full():
        raise OSError(errno.ENOSPC, "No space left on device")

    def limited():
        raise OSError(errno.EFBIG, "File too large")

    for fail, message in (
        (write, str(tmp_path / "file")),
        (full, "output: cannot be read or written (No space left"),
        (limited, "output: cannot be read or written (File too large)"),
    ):
        with pytest.raises(SystemExit) as end:
            errors.run(fail)
        line = capsys.readouterr().err
        assert end.value.code == 2 and line.startswith(f"error: {message}") and line.count("\n") == 1

    def other():
        raise OSError("a library's own")

    with pytest.raises(OSError, match="own"):
        errors.run(other)


def test_run_stops_quietly_when_interrupted(capsys):
    def stop():
        raise KeyboardInterrupt

    with pytest.raises(SystemExit) as end:
        errors.run(stop)
    assert end.value.code == 130 and capsys.readouterr().err == "stopped\n"
