"""Stored ceilings: those of the default worlds, and those that the command writes."""

from __future__ import annotations

import gzip
import json

import numpy as np
import pytest

from rad.data.load import open_dataset
from rad.errors import RadError
from rad.world.ceilings import scores, store, stored
from rad.world.ceilings.__main__ import main
from tests.support.slow_world import NAME


def test_ceilings_of_the_default_worlds_are_stored():
    """And they are what the worlds were calibrated to: room above the baselines, and the oracle well above that."""
    for name in ("world", "world_science"):
        record = json.loads(gzip.decompress((store.FOLDER / f"{name}.json.gz").read_bytes()))
        rows = stored(record["dataset_sha256"])
        assert rows is not None and rows.keys() == {"oracle", "bayes"}
        means = {what: np.mean([s["ndcg@10"] for s in row.values()]) for what, row in rows.items()}
        assert all(len(row) == 2000 for row in rows.values())
        assert 0.15 < means["bayes"] < 0.25 and 0.3 < means["oracle"] < 0.4
        assert max(record["chains"]) <= means["bayes"] + 0.01
        assert record["expected"]["bayes"] == pytest.approx(means["bayes"], abs=0.02)


def test_the_command_writes_what_stored_reads(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("RAD_CACHE", str(tmp_path))
    data = open_dataset(NAME)
    assert stored(data.sha256) is None
    assert main([NAME, "--sweeps", "3", "--chains", "1"]) == 0
    text = capsys.readouterr().out
    assert "oracle" in text and "bayes" in text and "known wants alone" in text and "anonymity set" in text
    rows = stored(data.sha256)
    assert rows is not None
    assert all(row.keys() == {e.query.query_id for e in data.examples["test"]} for row in rows.values())
    (path,) = tmp_path.glob("ceilings/*.json.gz")
    path.write_bytes(b"no gzip")
    with pytest.raises(RadError, match="not a file of ceilings"):
        stored(data.sha256)


def test_scores_of_a_rank():
    assert scores(1) == {"ndcg@10": 1.0, "recall@10": 1.0, "mrr": 1.0}
    assert scores(3) == {"ndcg@10": 0.5, "recall@10": 1.0, "mrr": 1 / 3}
    assert scores(11) == {"ndcg@10": 0.0, "recall@10": 0.0, "mrr": 1 / 11}
    assert scores(0) == {"ndcg@10": 0.0, "recall@10": 0.0, "mrr": 0.0}


def test_too_few_sweeps_are_refused():
    with pytest.raises(RadError, match="--sweeps at least 3"):
        main(["world", "--sweeps", "2"])
