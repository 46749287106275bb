"""RAD's tasks under lm-evaluation-harness: the commands of the README offline, and our numbers equal to our own."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.lm_eval_tasks import docs
from rad import registry
from rad.errors import RadError

pytestmark = pytest.mark.xdist_group("lm-eval")  # one worker imports it
TASKS = Path(docs.__file__).parent
DOMAIN = "world:seed=5,users=60,items=200"
WITHOUT = "needs the extra 'lm-eval': pip install -c constraints.txt -e '.[bench,lm-eval]'"


@pytest.fixture
def harness():
    """lm-eval itself, where it is installed."""
    return pytest.importorskip("lm_eval", reason=WITHOUT)


@pytest.fixture(scope="module")
def opened():
    return docs.open_domain(DOMAIN, "test", None)  # as the documents open it, so it is one object


@pytest.fixture(scope="module")
def rank_rows():
    return docs.rank_docs(DOMAIN)["test"]


def test_candidates_of_a_document_are_those_of_the_query(opened, rank_rows):
    assert [row["query_id"] for row in rank_rows] == list(opened.examples)
    for row, e in zip(rank_rows, opened.examples.values(), strict=True):
        ids = docs.choices_of(e.query)
        assert row["choices"] == [docs.described(opened.data.items[i]) for i in ids]
        assert not {x.item_id for x in e.query.history} & set(ids)
        assert row["gold"] == -1 or ids[row["gold"]] in e.relevant
        assert not any(x.item_id in row["prompt"] for x in e.query.history)


def test_ranking_is_by_falling_likelihood_and_ties_by_catalogue(rank_rows):
    row = rank_rows[0]
    n, gold = len(row["choices"]), row["gold"]
    best = docs.score_ranking(row, [(float(k == gold), False) for k in range(n)])
    assert best == {"ndcg@10": 1.0, "recall@10": 1.0, "mrr": 1.0, "hit_rate@10": 1.0}
    worst = docs.score_ranking(row, [(-float(k == gold), False) for k in range(n)])
    assert worst["ndcg@10"] == 0 and worst["mrr"] == pytest.approx(1 / n)
    assert docs.score_ranking(row, [(0.0, False)] * n)["mrr"] == pytest.approx(1 / (gold + 1))


def test_rationales_are_scored_as_everywhere_and_leaks_counted(opened):
    key, e = next((k, e) for k, e in opened.examples.items() if e.rationale and e.rationale.reasons)
    row = next(r for r in docs.rationale_docs(DOMAIN)["test"] if r["query_id"] == key)
    true = docs.score_rationale(row, [e.rationale.text])
    assert true["evidence_validity"] == 1 and true["reason_recall@3"] > 0 and true["leak_rate"] == 0
    leak = docs.score_rationale(row, ["Because of [77]. So they bought it."])
    assert leak["evidence_validity"] == 0 and leak["leak_rate"] == 1
    empty = docs.score_rationale(row, [" "])
    assert empty["evidence_validity"] == 0 and empty["reason_f1@3"] == 0 and empty["leak_rate"] == 0
    for text in ("x" * 100_000, "\x00\x07", "喜欢红色的外套", "[[[", "[99999999999]"):
        assert all(isinstance(v, float) for v in docs.score_rationale(row, [text]).values())


def test_likes_are_the_ends_of_the_scale(opened):
    rows = docs.like_docs(DOMAIN)["test"]
    for row in rows:
        e = opened.examples[row["query_id"]]
        rating = opened.data.sequences[e.query.user_id][-1].rating
        assert (rating >= 4) == (row["gold"] == 0) and rating != 3
    assert docs.auc([(True, 1.0), (False, 0.0), (True, 0.5)]) == 1
    assert math.isnan(docs.auc([(True, 1.0)]))
    assert docs.score_like({"gold": 0}, [(-1.0, True), (-2.0, False)]) == {"acc": 1.0, "auc": (True, 1.0)}


def test_bad_requests_are_one_line():
    with pytest.raises(RadError, match="split must be test or validation, got 'train'"):
        docs.rank_docs(DOMAIN, "train")


@pytest.mark.parametrize("name", ["item_knn", "bm25"])
def test_our_models_have_the_numbers_of_the_harness_of_our_own(harness, opened, name):
    from lm_eval.tasks import TaskManager

    from benchmarks.harness.evaluate import evaluate
    from benchmarks.lm_eval_tasks.model import RadLM

    kind = registry.load("benchmarks.models", name)
    model = kind(kind.Settings())
    model.fit(opened.data.examples["train"], opened.data.examples["validation"], opened.data.items, 0)
    examples = list(opened.examples.values())
    own = evaluate(model.predict([e.query for e in examples]), examples, docs.RANKING, opened.data.items)
    manager = TaskManager(include_path=str(TASKS), include_defaults=False, metadata={"domain": DOMAIN})
    results = harness.simple_evaluate(
        model=RadLM(name), tasks=["rad_rank"], task_manager=manager, log_samples=True, bootstrap_iters=0
    )
    samples = {s["doc"]["query_id"]: s for s in results["samples"]["rad_rank"]}
    for row, key in enumerate(own.query_ids):
        for metric in docs.RANKING:
            assert samples[key][metric] == own.values[metric][row], (key, metric)
    for metric in docs.RANKING:
        assert results["results"]["rad_rank"][f"{metric},none"] == pytest.approx(own.value(metric), abs=1e-12)


def test_our_models_refuse_what_they_cannot(harness):
    from benchmarks.lm_eval_tasks.model import RadLM

    with pytest.raises(RadError, match="did you mean 'item_knn'"):
        RadLM("item_kn")
    with pytest.raises(RadError, match="setting of item_knn"):
        RadLM("item_knn", windw=3)
    with pytest.raises(RadError, match="gives a text no likelihood"):
        RadLM("item_knn").loglikelihood_rolling([])


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """A tiny Llama with random weights and a tokenizer of letters, made here: it answers noise."""
    pytest.importorskip("lm_eval", reason=WITHOUT)
    transformers = pytest.importorskip("transformers", reason="needs the extra 'bench'")
    from tokenizers import Tokenizer, models, pre_tokenizers

    words = ["<unk>", "</s>", *(chr(k) for k in range(33, 127))]
    plain = Tokenizer(models.WordLevel({word: k for k, word in enumerate(words)}, unk_token="<unk>"))
    plain.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Whitespace(), pre_tokenizers.Split("", "isolated")])
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_object=plain, unk_token="<unk>", eos_token="</s>")
    config = transformers.LlamaConfig(
        vocab_size=len(words), hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2,
        num_key_value_heads=2, max_position_embeddings=4096, bos_token_id=1, eos_token_id=1,
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("checkpoint")
    transformers.LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.mark.slow
def test_the_command_of_the_readme_runs_offline(checkpoint, tmp_path):
    metadata = json.dumps({"domain": DOMAIN})
    command = [
        *(sys.executable, "-m", "lm_eval", "--model", "hf", "--model_args", f"pretrained={checkpoint}"),
        *(
            "--device",
            "cpu",
            "--include_path",
            str(TASKS),
            "--tasks",
            "rad_rank_world,rad_rationale,rad_like_world",
        ),
        *("--limit", "2", "--metadata", metadata, "--output_path", str(tmp_path / "out"), "--batch_size", "16"),
    ]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=900, cwd=TASKS.parents[1])
    assert ran.returncode == 0, ran.stderr[-2000:]
    (path,) = (tmp_path / "out").rglob("results_*.json")
    results = json.loads(path.read_text())["results"]
    assert 0 <= results["rad_rank"]["ndcg@10,none"] <= 1
    assert "claim_precision,none" in results["rad_rationale"] and "auc,none" in results["rad_like"]
    assert "ndcg@10" in ran.stdout


@pytest.mark.slow
def test_our_models_run_by_the_command_of_the_readme(harness):
    command = [
        *(sys.executable, "-m", "benchmarks.lm_eval_tasks", "--model", "rad", "--model_args", "name=popularity"),
        *("--tasks", "rad_rank_world", "--limit", "3", "--metadata", json.dumps({"domain": DOMAIN})),
    ]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=900, cwd=TASKS.parents[1])
    assert ran.returncode == 0, ran.stderr[-2000:]
    assert "rad_rank" in ran.stdout and "mrr" in ran.stdout


def test_without_the_harness_the_command_says_what_to_install():
    if "lm_eval" in sys.modules or __import__("importlib.util").util.find_spec("lm_eval"):
        pytest.skip("lm-eval is installed")
    command = [sys.executable, "-m", "benchmarks.lm_eval_tasks", "--model", "rad"]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=TASKS.parents[1])
    assert ran.returncode == 2
    assert ran.stderr == "error: the harness is missing: pip install -c constraints.txt -e '.[bench,lm-eval]'\n"
    command[3:] = ["--help"]  # the site's page of all help is built without the extra
    ran = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=TASKS.parents[1])
    assert ran.returncode == 0 and "--tasks rad_rank" in ran.stdout and "harness is missing" in ran.stdout
