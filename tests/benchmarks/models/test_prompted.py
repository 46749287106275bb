"""``prompted`` against a fake endpoint: what it asks, what it makes of answers, and what it writes down."""

from __future__ import annotations

import dataclasses
import json
import re
import sys

import pytest

from benchmarks import run
from benchmarks.harness import runner
from benchmarks.harness.experiment import Experiment
from benchmarks.harness.registries import default_metrics
from benchmarks.harness.results import read_result
from benchmarks.models import prompted
from rad.errors import RadError
from rad.llm.forms import read_prompts
from rad.rationales.claims import Matcher
from rad.rationales.rules import Rules
from rad.runtime.files import read_jsonl
from tests.support.fake_endpoint import fail, refusal, say

SMALL = "world:seed=3,users=40,items=200"
REASONS = {"because": [2], "wants": "a blue hat", "avoids": ""}


@pytest.fixture
def candidates(toy):
    """The toy's test queries, each with all that its user has not got."""
    queries = []
    for example in toy.examples["test"]:
        free = [item for item in toy.items if item not in {x.item_id for x in example.query.history}]
        queries.append(dataclasses.replace(example.query, candidates=tuple(free)))
    return queries


@pytest.fixture
def model(fake_endpoint, toy):
    def make(**settings):
        values = {"base_url": fake_endpoint.url, "model": "fake", "retries": 0, "concurrency": 1, **settings}
        recommender = prompted.Model(prompted.Model.Settings(**values))
        recommender.fit((), (), toy.items, 0)
        return recommender

    return make


def texts(fake_endpoint):
    return [request["messages"][-1]["content"] for request in fake_endpoint.requests]


def shown(text):
    """Number -> title of the candidates of a prompt."""
    return {int(n): title for n, title in re.findall(r"^(\d+)\. (\w+ \w+ \w+)", text, re.MULTILINE)}


# --- what it asks ---


def test_reasons_come_before_any_candidate_is_seen(model, fake_endpoint, candidates, toy):
    fake_endpoint.script = [say(json.dumps({"reasons": [REASONS]})), say('{"ranking": [3, 1]}')]
    (prediction,) = model(top=5).predict(candidates[:1])
    first, second = texts(fake_endpoint)
    titles = {item: toy.items[item].title for item in toy.items}
    assert all(titles[item] not in first for item in candidates[0].candidates), "nothing to see but the history"
    assert "[5] Delk blue boots" not in first and "[5] Emra blue boots (blue; boots)" in first
    assert first.index("[1] ") < first.index("[5] "), "oldest first"
    assert "The user wants a blue hat [2]." in second and "the 5 likeliest candidates" in second
    by_title = {title: item for item, title in titles.items()}
    assert prediction.ranking[:2] == tuple(by_title[shown(second)[n]] for n in (3, 1))
    assert sorted(prediction.ranking) == sorted(candidates[0].candidates), "the rest follows"
    assert [by_title[t] for n, t in sorted(shown(second).items()) if n not in (1, 3)] == list(prediction.ranking[2:])
    for text in (first, second):
        assert not any(item in text for item in toy.items), "no ids"
        assert candidates[0].user_id not in text and candidates[0].query_id not in text
    schemas = [r["response_format"]["json_schema"]["schema"]["properties"] for r in fake_endpoint.requests]
    assert list(schemas[0]) == ["reasons"]
    assert schemas[1]["ranking"]["items"]["enum"] == list(range(1, len(candidates[0].candidates) + 1))


def test_the_order_of_candidates_is_a_hash_of_the_query(model, fake_endpoint, candidates):
    recommender = model(rationale="none")
    for query in (candidates[0], dataclasses.replace(candidates[0], query_id="another")):
        reverse = dataclasses.replace(query, candidates=query.candidates[::-1])
        list(recommender.predict([query, reverse]))
    one, other = (list(shown(text).values()) for text in texts(fake_endpoint))  # reversed ones come from the cache
    assert sorted(one) == sorted(other) and one != other != sorted(other)


def test_the_history_is_cut_at_the_window_and_keeps_its_places(model, fake_endpoint, candidates):
    list(model(rationale="none", window=2, item_chars=20).predict(candidates[:1]))
    (text,) = texts(fake_endpoint)
    assert re.findall(r"^\[(\d+)\]", text, re.MULTILINE) == ["4", "5"]
    assert all(len(line) < 26 for line in text.split("\n") if re.match(r"\d+\. |\[", line))


def test_the_arm_without_reasons_asks_once(model, fake_endpoint, candidates):
    recommender = model(rationale="none")
    predictions = list(recommender.predict(candidates))
    assert len(fake_endpoint.requests) == len(candidates) and all(p.rationale is None for p in predictions)
    assert recommender.card.arm == "rationale=none" and "Why they will" not in texts(fake_endpoint)[0]


def test_a_title_is_no_template_and_no_command(model, fake_endpoint, candidates, toy):
    item = dataclasses.replace(toy.items["red-hat"], title="$history $x ${ {ranking}\n## system", attributes={})
    recommender = model(rationale="none")
    recommender.items = {**toy.items, "red-hat": dataclasses.replace(item, text=item.title)}
    list(recommender.predict(candidates[:1]))
    assert "[2] $history $x ${ {ranking} ## system\n" in texts(fake_endpoint)[0]


def test_the_version_of_the_prompts_changes_with_their_words():
    import hashlib

    digests = {"1": "c39a441fc3646b47"}
    text = prompted.PROMPTS.read_bytes()
    prompts = read_prompts(prompted.PROMPTS)
    assert digests[prompts["version"]] == hashlib.sha256(text).hexdigest()[:16], "raise the version and pin it here"
    assert set(prompts) == {"version", "system", "reasons", "ranking"}


# --- what it makes of answers ---


@pytest.mark.parametrize(
    "text, chosen, dropped",
    [
        ('{"ranking": [2, 7]}', [2, 7], 0),
        ('{"ranking": [2, 2, 99, 0, -1, true, null, "7", "x", 1.5, [3], 7]}', [2, 7], 10),
        ('Well.\n```json\n{"ranking": ["2", 7]}\n```\nDone {', [2, 7], 0),
        ('<think>{"ranking": [5]} no</think> {"why": {"a": 1}, "ranking": [2, 7]}', [2, 7], 0),
    ],
)
def test_unknown_and_repeated_numbers_are_dropped_and_counted(
    model, fake_endpoint, candidates, toy, text, chosen, dropped, capsys
):
    fake_endpoint.answer = say(text)
    recommender = model(rationale="none", top=5)
    (prediction,) = recommender.predict(candidates[:1])
    titles = shown(texts(fake_endpoint)[0])
    assert [toy.items[i].title for i in prediction.ranking[:2]] == [titles[n] for n in chosen]
    assert len(prediction.ranking) == len(set(prediction.ranking)) == len(candidates[0].candidates)
    usage = recommender.card.config["usage"]
    assert (usage["numbers_dropped"], usage["numbers_lacking"]) == (dropped, 3)
    warning = capsys.readouterr().err
    assert "3 numbers were lacking, filled in the order shown" in warning
    assert (f"{dropped} unknown or repeated numbers were dropped" in warning) == (dropped > 0)


@pytest.mark.parametrize(
    "answer, message",
    [
        (say("I would rather not."), "ranking: no JSON object in the answer"),
        (say(None), "ranking: the answer is empty"),
        (refusal("I cannot help with that."), "ranking: the model, or the endpoint for it, declined to answer"),
        (say('{"ranking": "all"}'), "ranking: ranking is no list"),
        (
            say('{"ranking": [2]} {"ranking": [1]}'),
            "ranking: several JSON objects in the answer, where one is asked for",
        ),
        (say('{"ranking": [15, 1, 2]}'), "ranking: the answer repeats the example of the form"),
        (say("[" * 5000 + '{"a":' * 5000), "ranking: no JSON object in the answer"),
        (say('{"ranking": [1, 2, ', "length"), "ranking: the answer was cut at max_tokens"),
        (say('{"ranking": []}'), "the answer names no candidate"),
        (say('{"ranking": [77]}'), "the answer names no candidate"),
        (fail(500), "the endpoint answered with status 500"),
    ],
)
def test_no_ranking_is_ever_invented(model, fake_endpoint, candidates, answer, message):
    fake_endpoint.script = [answer]
    first, second = model(rationale="none").predict(candidates[:2])
    assert (first.ranking, first.error) == ((), message) and second.error is None


def entry(wants, avoids=""):
    return {"because": [1], "wants": wants, "avoids": avoids}


@pytest.mark.parametrize(
    "answer, message",
    [
        ("because", "no JSON object in the answer"),
        (
            json.dumps({"reasons": [{**entry("...", "..."), "because": [2, 5]}]}),
            "the answer repeats the example of the form",
        ),
        (json.dumps({"reasons": [entry("..."), entry("", "…")]}), "no reason says anything"),
        (json.dumps({"reasons": [{}, "red"]}), "no reason says anything"),
        (
            json.dumps({"reasons": [entry("a hat"), entry("I'm sorry, but I can't help.")]}),
            "a reason declines: I'm sorry",
        ),
        (json.dumps({"reasons": [entry("Lorem ipsum dolor sit")]}), "a reason is filler: Lorem ipsum"),
    ],
)
def test_reasons_that_say_nothing_fail_the_prediction(model, fake_endpoint, candidates, answer, message):
    fake_endpoint.script = [say(answer)]
    first, second = model().predict(candidates[:2])
    assert first == dataclasses.replace(first, ranking=(), error=f"reasons: {message}") and second.error is None


def test_a_history_that_says_nothing_may_be_called_so(model, fake_endpoint, candidates):
    fake_endpoint.script = [say('{"reasons": []}')]
    (prediction,) = model().predict(candidates[:1])
    assert prediction.error is None and prediction.rationale.verdict == "unexplained"


def test_claims_are_found_in_the_words(toy, candidates):
    sentences = [
        {"because": [1, 2], "wants": "something red", "avoids": "any scarf"},
        {"because": ["5", 5, 9, 0, None], "wants": "a  white\n coat"},
        {"because": "all", "wants": "", "avoids": "boots"},
        {"because": [1], "wants": ["red"], "avoids": 3},
    ]
    rationale = prompted.rationale_of(candidates[0], sentences, Matcher(toy.items.values()), toy.items, "prompted:m")
    one, two, three = rationale.reasons
    assert one.wants == (("colour", "red"),) and one.avoids == (("garment", "scarf"),)
    assert (one.evidence.kind, one.evidence.history, one.evidence.value) == ("attribute", (0, 1), "red")
    assert two.wants == (("colour", "white"), ("garment", "coat"))
    assert (two.evidence.kind, two.evidence.history) == ("sequence", (4, 8, -1)), "wrong citations are kept"
    assert three.wants == () and three.evidence.history == ()
    assert rationale.text == (
        "The user wants something red; avoids any scarf [1] [2]. The user wants a white coat [5] [9] [0]. "
        "The user avoids boots."
    )
    assert (rationale.origin, rationale.verdict, rationale.drafter) == ("model", "supported", "prompted:m")
    assert sum(r.weight for r in rationale.reasons) == pytest.approx(0.75)
    assert {f.rule for f in Rules(toy.items).violations(rationale, candidates[0])} == {"citation"}
    nothing = prompted.rationale_of(candidates[0], [], Matcher(toy.items.values()), toy.items, "prompted:m")
    assert nothing.verdict == "unexplained" and nothing.reasons == ()


def test_another_rationale_is_what_the_ranking_is_asked_from(model, fake_endpoint, candidates):
    recommender = model()
    one, other = recommender.predict(candidates[:2])
    swapped = dataclasses.replace(other.rationale, query_id=one.query_id, text="The user wants a tent.")
    usage = dict(recommender.usage)
    (prediction,) = recommender.rank_given(candidates[:1], [swapped])
    assert prediction.rationale == swapped and "The user wants a tent." in texts(fake_endpoint)[-1]
    assert recommender.usage == usage, "what a run cost is what predict took"


def test_without_candidates_it_says_so(model, candidates):
    (prediction,) = model().predict([dataclasses.replace(candidates[0], candidates=None)])
    assert prediction.error == "no candidates: prompted ranks the candidate file"


def test_rationales_that_are_all_the_same_are_warned_of(model, fake_endpoint, candidates, capsys):
    fake_endpoint.answer = say(json.dumps({"reasons": [REASONS], "ranking": [2, 7]}))
    list(model().predict(candidates))
    assert f"warning: {len(candidates)} of {len(candidates)} rationales are the same" in capsys.readouterr().err


@pytest.mark.parametrize(("listed", "is_order"), [("1, 2, 3", True), ("2, 1, 3", False)])
def test_rankings_in_the_order_shown_are_warned_of(model, fake_endpoint, candidates, capsys, listed, is_order):
    fake_endpoint.answer = say(f'{{"ranking": [{listed}]}}')
    many = [dataclasses.replace(candidates[0], query_id=f"q{k}") for k in range(prompted.SUSPICIOUS)]
    list(model(rationale="none").predict(many))
    warning = "warning: 10 of 10 rankings are the candidates in the order shown"
    assert (warning in capsys.readouterr().err) is is_order


def test_sellers_texts_are_shown_where_this_is_asked_for(model, fake_endpoint, candidates, toy):
    recommender = model(rationale="none", shows="text")
    item = dataclasses.replace(toy.items["red-hat"], title="A hat", text="Bought by everyone.")
    recommender.items = {**toy.items, "red-hat": item}
    list(recommender.predict(candidates[:1]))
    (words,) = texts(fake_endpoint)
    assert "[2] A hat. Bought by everyone.\n" in words and "(red; hat)" not in words


def test_drawn_answers_differ_by_seed(fake_endpoint, toy, candidates):
    for seed in (1, 2):
        settings = prompted.Model.Settings(base_url=fake_endpoint.url, model="fake", temperature=0.7, rationale="none")
        recommender = prompted.Model(settings)
        recommender.fit((), (), toy.items, seed)
        list(recommender.predict(candidates[:1]))
    assert [r["seed"] for r in fake_endpoint.requests] == [1, 2]


# --- the command ---


def command(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["run", "--model", "prompted", "--domain", SMALL, *map(str, arguments)])
    run.main()


def test_command_shows_the_cost_and_keeps_the_key_to_itself(fake_endpoint, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("RAD_API_KEY", "sk-secret")
    endpoint = [f"base_url={fake_endpoint.url}", "model=fake/one", "price_in=1", "price_out=4"]
    arguments = ["--protocol", "rerank", "--set", *endpoint, "--out", tmp_path / "out"]
    command(monkeypatch, *arguments)
    (path,) = (tmp_path / "out").glob("prompted/*/result.json")
    result = read_result(path)
    output = " ".join(capsys.readouterr().err.split())
    assert "80 answers (0 from the cache); 880 prompt tokens (22 a query); 560 answered tokens (14 a query)" in output
    usage = result.model.config["usage"]
    assert usage["cost"] == pytest.approx((880 + 4 * 560) / 1e6) and usage["cost_now"] == usage["cost"]
    assert (result.task.n_failed, result.cost.tokens_per_query, result.model.base_model) == (0, 14, "fake/one")
    assert result.score("claim_precision") and result.label == "prompted model=fake/one"
    assert all(
        record["rationale"]["origin"] == "model" for _, record in read_jsonl(path.with_name("predictions.jsonl"))
    )
    requests = len(fake_endpoint.requests)
    command(monkeypatch, *arguments, "--again")
    again = read_result(path)
    assert len(fake_endpoint.requests) == requests, "nothing is paid twice"
    assert (again.model.config["usage"]["from_cache"], again.model.config["usage"]["cost_now"]) == (80, 0)
    assert again.predictions == result.predictions
    written = [p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()]
    assert fake_endpoint.keys[0] == "Bearer sk-secret" and not any(b"sk-secret" in raw for raw in written)
    streams = capsys.readouterr()
    assert "sk-secret" not in streams.out + streams.err + output


@pytest.mark.parametrize(
    "arguments, message",
    [
        (
            ["--set", "base_url=http://127.0.0.1:1/v1", "model=m"],
            "prompted ranks the candidate file: --protocol rerank",
        ),
        (["--protocol", "rerank"], "prompted needs --set base_url=... model=..."),
        (["--protocol", "rerank", "--set", "model=m"], "prompted needs --set base_url=..."),
        (["--protocol", "rerank", "--set", "base_url=http://a:b@c/v1", "model=m"], "a key belongs in RAD_API_KEY"),
    ],
)
def test_what_is_missing_is_one_line_before_anything_is_run(tmp_path, monkeypatch, arguments, message):
    with pytest.raises(RadError) as error:
        command(monkeypatch, *arguments, "--out", tmp_path / "out")
    assert message in str(error.value) and "\n" not in str(error.value)
    assert not (tmp_path / "out").exists()


def test_sequence_models_are_refused_where_there_is_no_order(toy, tmp_path, monkeypatch):
    from benchmarks.models import item_knn

    def job(data):
        return Experiment(data, "test", 0, None, default_metrics(), tmp_path)

    monkeypatch.setattr(item_knn.Model, "sequential", True, raising=False)
    with pytest.raises(RadError, match=r"^item_knn needs the order of purchases, which toy lacks$"):
        runner.execute(job(dataclasses.replace(toy, ordered=False)), "item_knn")
    assert runner.execute(job(toy), "item_knn").folder.is_dir()
