"""The speed command runs at tiny sizes and refuses to compare what differs. Nothing here looks at a clock."""

from __future__ import annotations

import sys

import pytest

from benchmarks import speed
from benchmarks.audits import speed as pairs
from benchmarks.audits import speed_of_writing, timing
from rad.errors import RadError


def test_every_pair_agrees_and_is_shown(monkeypatch, capsys):
    pytest.importorskip("bm25s")
    sizes = ["--documents", "200", "--queries", "200", "--texts", "8", "--repeats", "1"]
    monkeypatch.setenv("COLUMNS", "120")
    speed.main(["--only", "bm25", "evaluate", *sizes])
    out = capsys.readouterr().out
    for text in ("rank_bm25 get_scores, 5 queries", "bm25s get_scores", "with intervals", "All answers agree"):
        assert text in out


def test_what_is_written_in_batches_is_what_generate_gives(monkeypatch, capsys):
    monkeypatch.setattr(speed_of_writing, "DATA", "world:users=60,items=200")
    monkeypatch.setattr(speed_of_writing, "FEW", 2)
    monkeypatch.setenv("COLUMNS", "120")
    speed.main(["--only", "writing", "--texts", "5", "--repeats", "1"])
    out = capsys.readouterr().out
    for text in ("batched, held to the grammar", "generate one by one, 2 prompts", "All answers agree"):
        assert text in out


def test_log_probabilities_that_differ_are_not_compared(monkeypatch):
    monkeypatch.setattr(speed_of_writing, "DATA", "world:users=60,items=200")
    written = speed_of_writing._written

    def shifted(writer, cases):
        answers = written(writer, cases)
        answers[0].log_probabilities = [x - 0.1 for x in answers[0].log_probabilities]
        return answers

    monkeypatch.setattr(speed_of_writing, "_written", shifted)
    monkeypatch.setattr(speed_of_writing, "FEW", 1)
    with pytest.raises(RadError, match="the answers differ"):
        timing.timed(next(speed_of_writing.writing(2)), 1)


def test_answers_that_differ_are_not_compared():
    def agree(ours, theirs):
        assert ours == theirs, "one is 1, one is 2"

    pair = timing.Pair("x", "query", timing.Side("a", lambda: 1, 1), timing.Side("b", lambda: 2, 1), agree)
    with pytest.raises(RadError, match="x: the answers differ, so nothing is compared"):
        timing.timed(pair, 1)


def test_a_ratio_is_their_time_by_ours(monkeypatch):
    clock = iter([0, 1, 0, 20, 0, 2, 0, 8, 0, 1, 0, 50])
    monkeypatch.setattr(timing.time, "process_time", lambda: next(clock))
    pair = timing.Pair("x", "query", timing.Side("a", int, 10), timing.Side("b", int, 2), lambda a, b: None)
    result = timing.timed(pair, 3)
    assert (result.ours, result.theirs, result.ratio) == (0.1, 10.0, 100.0)


def test_sizes_below_one_are_refused():
    with pytest.raises(RadError, match="--texts must be at least 1; --repeats must be at least 1"):
        speed.main(["--texts", "0", "--repeats", "0"])


def test_a_missing_bm25s_is_one_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "bm25s", None)
    with pytest.raises(RadError, match=r"^needs 'bm25s': pip install -e '\.\[speed\]'$"):
        list(pairs.bm25(200, 2))
