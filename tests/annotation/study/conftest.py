"""A run to plan studies from, and the real server that others use, too."""

import json

import pytest

from rad.data.load import open_dataset
from rad.rationales.drafts import drafted
from rad.runtime.files import write_jsonl
from rad.types import Prediction
from tests.annotation.argilla.conftest import server_environment  # noqa: F401

WORLD = "world:users=60,items=200"


@pytest.fixture(scope="session")
def run(tmp_path_factory):
    """A run's folder: what the evidence says of training queries, and rankings of which the last purchase is first."""
    data, folder = open_dataset(WORLD), tmp_path_factory.mktemp("run")
    history = {example.query.query_id: example.query.history for example in data.examples["train"]}
    rows = []
    for one in drafted(data.examples["train"], data.items):
        bought = list(dict.fromkeys(past.item_id for past in reversed(history[one.query_id])))
        ranking = [*bought, *(item for item in data.items if item not in bought)][:10]
        rows.append(Prediction(one.query_id, tuple(ranking), one))
    write_jsonl(folder / "predictions.jsonl", rows)
    (folder / "result.json").write_text(json.dumps({"dataset": {"sha256": data.sha256}}))
    return folder
