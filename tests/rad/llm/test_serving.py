"""``prompted``, the drafter ``llm`` and the judge ``llm`` against a real server, Hugging Face's ``transformers serve``,
with a tiny model trained on the spot.

The server's extra packages are not among the project's. To run this test, put them into an environment of its own,
``pip install -c constraints.txt torch 'transformers[serving]'``, and name its Python in ``RAD_SERVE_PYTHON``.
"""

from __future__ import annotations

import json
import sys

import pytest

from annotation import __main__ as annotation
from annotation.campaign.judgements import OF_JUDGES
from annotation.drafters import llm
from benchmarks import run
from benchmarks.harness.results import read_result
from rad.data.load import open_dataset
from rad.errors import RadError
from rad.llm.client import Endpoint
from rad.runtime.files import read_jsonl
from tests.support import serving as server

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not server.PYTHON, reason=server.WITHOUT),
]
ANSWER = '{"reasons": [{"because": [1], "wants": "red", "avoids": ""}], "ranking": [7, 3, 12]}'
DRAFT = json.dumps({"thoughts": "", "reasons": [{"fact": "A", "strength": "likely"}], "unexplained": "likely"})
JUDGEMENT = json.dumps({"thoughts": "", "plausibility": 4, "trust": 3, "errors": ["generic"], "verdict": "accept"})
WINDOW = 24  # tokens that the tiny model sees, however long the prompt is


def tiny_model(folder, steps, answer=ANSWER):
    """A language model that has learned one thing: to write ``answer`` when it is its turn. Without steps, noise."""
    import torch
    from tokenizers import ByteLevelBPETokenizer
    from transformers import MistralConfig, MistralForCausalLM, PreTrainedTokenizerFast

    words = ByteLevelBPETokenizer()
    words.train_from_iterator([answer, "history candidates answer"] * 9, 400, special_tokens=["<s>", "</s>"])
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=words._tokenizer, eos_token="</s>", pad_token="</s>")
    tokenizer.chat_template = "{% for m in messages %}{{ m['content'] }}\n{% endfor %}<s>"
    tokenizer.save_pretrained(folder)
    torch.manual_seed(0)
    size = {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4}
    more = {"num_key_value_heads": 4, "max_position_embeddings": 65536, "sliding_window": WINDOW}
    tokens = {"bos_token_id": 0, "eos_token_id": 1, "pad_token_id": 1}
    model = MistralForCausalLM(MistralConfig(vocab_size=len(tokenizer), **size, **more, **tokens))
    written = [0, *tokenizer(answer)["input_ids"], 1]
    optimizer = torch.optim.AdamW(model.parameters(), 3e-3)
    for _ in range(steps):
        before = torch.randint(2, len(tokenizer), (8, 2 * WINDOW))
        ids = torch.cat([before, torch.tensor([written] * 8)], 1)
        labels = ids.clone()
        labels[:, : 2 * WINDOW + 1] = -100
        model(ids, labels=labels).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    model.save_pretrained(folder)
    return folder


def serving(folder, tmp_path):
    """``transformers serve`` on a free port."""
    hub = tmp_path / "hub"
    hub.mkdir()
    code = "from transformers.cli.transformers import main; main()"
    argv = [server.PYTHON, "-c", code, "serve", folder, "--host", "127.0.0.1", "--device", "cpu", "--port"]
    return server.serving(lambda port: [*argv, port], tmp_path, HF_HUB_OFFLINE="1", HF_HUB_CACHE=str(hub))


def ranked(url, folder, tmp_path, monkeypatch, *more):
    settings = [f"base_url={url}", f"model={folder}", "concurrency=2", "item_chars=40", *more]
    arguments = ["--model", "prompted", "--protocol", "rerank", "--domain", "world:users=40,items=200", "--limit", "6"]
    monkeypatch.setattr(sys, "argv", ["run", *arguments, "--out", str(tmp_path / "out"), "--set", *settings])
    run.main()
    (path,) = (tmp_path / "out").glob("prompted/*/result.json")
    return read_result(path), [record for _, record in read_jsonl(path.with_name("predictions.jsonl"))]


@pytest.fixture
def own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("RAD_CACHE", str(tmp_path / "cache"))


def test_a_model_that_answers(own_cache, tmp_path, monkeypatch, capsys):
    folder = tiny_model(tmp_path / "model", steps=150)
    with serving(folder, tmp_path) as url:
        result, predictions = ranked(url, folder, tmp_path, monkeypatch)
        with pytest.raises(RadError, match=r"refused.*another") as error:
            Endpoint(url, "another", tmp_path).ask([{"role": "user", "content": "?"}])
    assert "\n" not in str(error.value)
    assert result.task.n_failed == 0, result.task.failures
    usage = result.model.config["usage"]
    assert usage["answers"] == 12 and usage["from_cache"] == usage["uncounted"] == usage["numbers_dropped"] == 0
    assert usage["numbers_lacking"] == 6 * 17, "three numbers, where twenty are asked for"
    assert usage["prompt_tokens"] > 6 * 1000 and result.cost.tokens_per_query > 20
    assert all(len(p["ranking"]) == 100 for p in predictions) and len({p["ranking"][0] for p in predictions}) > 1
    assert all(p["rationale"]["text"] == "The user wants red [1]." for p in predictions)
    assert "12 answers (0 from the cache)" in " ".join(capsys.readouterr().err.split())


def test_a_model_that_babbles(own_cache, tmp_path, monkeypatch):
    folder = tiny_model(tmp_path / "model", steps=0)
    with serving(folder, tmp_path) as url:
        result, predictions = ranked(url, folder, tmp_path, monkeypatch, "max_tokens=16")
    assert result.task.failures == {"reasons: the answer was cut at max_tokens": 6}, result.task.failures
    assert all(p["ranking"] == [] for p in predictions) and result.score("ndcg@10").value == 0


def drafted(url, folder, **settings):
    data = open_dataset("world:users=40,items=200")
    common = {"concurrency": 2, "item_chars": 40, "redrafts": 1, "contrasts": True}
    values = {"base_url": url, "model": str(folder), **common, **settings}
    drafter = llm.Drafter(llm.Drafter.Settings(**values)).fit(data.examples["train"], data.items)
    return list(drafter.drafts(data.examples["train"][:6])), drafter.summary.record()


def test_a_model_that_drafts(own_cache, tmp_path):
    """It knows one draft, which holds for everybody, and gives it where explanations of pairs are asked for as well."""
    folder = tiny_model(tmp_path / "model", steps=300, answer=DRAFT)
    with serving(folder, tmp_path) as url:
        drafts, record = drafted(url, folder)
    assert all("Something unexplained is most likely." in d.rationale.text for d in drafts)
    assert all(len(d.rationale.reasons) == 1 and d.contrasts == () for d in drafts)
    assert (record["accepted"], record["redrafts"], record["contrasts_rejected"]) == (6, 0, 6)
    assert record["problems"] == {"unreadable": 12}
    assert (record["usage"]["answers"], record["usage"]["uncounted"]) == (18, 0)
    assert record["usage"]["prompt_tokens"] > 6 * 1000 and record["usage"]["completion_tokens"] > 18 * 20


def test_a_model_that_drafts_nonsense(own_cache, tmp_path):
    folder = tiny_model(tmp_path / "model", steps=0)
    with serving(folder, tmp_path) as url:
        drafts, record = drafted(url, folder, max_tokens=16)
    assert all(d.rationale is None and d.violations[0].detail == "the answer was cut at max_tokens" for d in drafts)
    assert (record["rejected"], record["rejected_by"], record["problems"]) == (6, {"cut": 6}, {"cut": 12})
    assert 0 < record["usage"]["completion_tokens"] <= 12 * 16


def judged(url, model, tmp_path, *more):
    """The judge's answers by question, and what is written of how they came about."""
    folder = tmp_path / "campaign"
    annotation.main(["draft", str(folder), "--domain", "world:users=40,items=200", "--limit", "3"])
    flags = [
        "--judge",
        "llm",
        "--base-url",
        url,
        "--model",
        str(model),
        "--name",
        "tiny",
        "--set",
        "concurrency=2",
        *more,
    ]
    annotation.main(["judge", str(folder), *flags])
    answers: dict[str, list[str]] = {}
    for _, one in read_jsonl(folder / "judge-tiny.jsonl"):
        answers.setdefault(one["question"], []).append(one["answer"])
    return answers, json.loads((folder / "judge-tiny.json").read_text())


def test_a_model_that_judges_in_nonsense(own_cache, tmp_path):
    model = tiny_model(tmp_path / "model", steps=0)
    with serving(model, tmp_path) as url:
        answers, record = judged(url, model, tmp_path, "max_tokens=16")
    assert answers == {q: ["invalid"] * 3 for q in OF_JUDGES}
    assert record["answers"]["trust"] == {"answers": 3, "abstained": 0, "invalid": 3}
    assert 0 < record["usage"]["completion_tokens"] <= 3 * 16


def test_a_model_that_judges(own_cache, tmp_path):
    model = tiny_model(tmp_path / "model", steps=200, answer=JUDGEMENT)
    with serving(model, tmp_path) as url:
        answers, record = judged(url, model, tmp_path)
    assert answers == {q: [a] * 3 for q, a in (("plausibility", "4"), ("trust", "3"), ("errors", '["generic"]'))} | {
        "verdict": ["accept"] * 3
    }
    assert record["answers"]["trust"] == {"answers": 3, "abstained": 0, "invalid": 0}
