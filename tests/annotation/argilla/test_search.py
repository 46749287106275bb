"""The server's search engine: every search and filter against Python over the same records."""

from __future__ import annotations

import random
import re

import pytest

pytest.importorskip("argilla", reason="needs the extra 'annotate'")

import argilla as rg

from annotation.argilla import client as argilla_client
from tests.support.review_server import owner

pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("server_environment"),
    pytest.mark.xdist_group("review server"),
]


@pytest.fixture(scope="module")
def shelf(campaign, url):
    client = argilla_client.connect(campaign)
    rg.Workspace(name="search", client=client).create()
    settings = rg.Settings(
        fields=[rg.TextField(name=n, client=client) for n in ("history", "rationale")],
        questions=[
            rg.RatingQuestion(name="plausibility", values=[1, 2, 3, 4, 5], client=client),
            rg.MultiLabelQuestion(name="errors", labels=["generic", "made_up"], required=False, client=client),
            rg.TextQuestion(name="edited", required=False, client=client),
        ],
        metadata=[
            rg.TermsMetadataProperty(name="domain", client=client),
            rg.IntegerMetadataProperty(name="length", client=client),
            rg.FloatMetadataProperty(name="score", client=client),
        ],
        vectors=[rg.VectorField(name="v", dimensions=3, _client=client)],
    )
    dataset = rg.Dataset("shelf", "search", settings, client=client).create()
    dice = random.Random(0)
    records = []
    for k in range(60):
        kind = dice.choice(["noir thriller", "space opera", "folk ballad", "cosy mystery"])
        records.append(
            rg.Record(
                id=f"r{k:03d}",
                fields={"history": f"Sequel {k}, naïve café", "rationale": f"Many {kind}s, {kind} number {k}."},
                metadata={"domain": dice.choice(["books", "films", "music"]), "length": k % 9, "score": k / 60},
                vectors={"v": [dice.gauss(0, 1) for _ in range(3)]},
                suggestions=[
                    rg.Suggestion("plausibility", dice.randint(1, 5), agent="a" if k % 2 else "b", score=0.5),
                    rg.Suggestion("errors", ["generic"] if k % 3 else ["generic", "made_up"], score=None),
                    rg.Suggestion("edited", "text", agent="d", score=round(dice.random(), 3)),
                ],
            )
        )
    dataset.records.log(records)
    return dataset, records


class TestSearch:
    """The prototype's checks: every search and filter against Python over the same records."""

    @pytest.mark.parametrize(
        "query, conditions, holds",
        [
            ("noir", [], lambda r: "noir" in r.fields["rationale"]),
            ('"space opera" naïve', [], lambda r: "space opera" in r.fields["rationale"]),
            ("balla* -noir", [], lambda r: "ballad" in r.fields["rationale"]),
            ("NOIR | ballad", [], lambda r: re.search("noir|ballad number", r.fields["rationale"])),
            ("nowhere", [], lambda r: False),
            ("thriller -17", [], lambda r: "thriller" in r.fields["rationale"] and r.id != "r017"),
            (None, [("metadata.domain", "==", "books")], lambda r: r.metadata["domain"] == "books"),
            (None, [("metadata.domain", "in", ["books", "films"])], lambda r: r.metadata["domain"] != "music"),
            (
                None,
                [("metadata.length", ">=", 5), ("metadata.length", "<=", 7)],
                lambda r: 5 <= r.metadata["length"] <= 7,
            ),
            (None, [("metadata.score", ">=", 0.5)], lambda r: r.metadata["score"] >= 0.5),
            (None, [("plausibility.suggestion", "in", [4, 5])], lambda r: r.suggestions["plausibility"].value > 3),
            (None, [("plausibility.suggestion", ">=", 3)], lambda r: r.suggestions["plausibility"].value >= 3),
            (None, [("errors.suggestion", "in", ["made_up"])], lambda r: "made_up" in r.suggestions["errors"].value),
            (None, [("plausibility.agent", "==", "a")], lambda r: r.suggestions["plausibility"].agent == "a"),
            (None, [("edited.score", ">=", 0.8)], lambda r: r.suggestions["edited"].score >= 0.8),
            (None, [("status", "==", "pending")], lambda r: True),
            (None, [("response.status", "==", "pending")], lambda r: True),
            (None, [("response.status", "==", "submitted")], lambda r: False),
            (None, [("id", "in", ["r003", "r007"])], lambda r: r.id in ("r003", "r007")),
            (
                *("noir", [("metadata.domain", "==", "books"), ("plausibility.suggestion", ">=", 3)]),
                lambda r: (
                    "noir" in r.fields["rationale"]
                    and r.metadata["domain"] == "books"
                    and r.suggestions["plausibility"].value >= 3
                ),
            ),
        ],
    )
    def test_finds_what_python_finds(self, shelf, query, conditions, holds):
        dataset, records = shelf
        matches = dataset.records(query=rg.Query(query=query, filter=rg.Filter(conditions) if conditions else None))
        assert sorted(r.id for r in matches) == sorted(r.id for r in records if holds(r))

    def test_sorts(self, shelf, campaign, url):
        dataset, records = shelf

        def first(scope, order):
            body = {"sort": [{"scope": scope, "order": order}]}
            answer = owner(campaign, url).post(f"/datasets/{dataset.id}/records/search?limit=5", json=body)
            return [item["record"]["external_id"] for item in answer.json()["items"]]

        by_score = sorted(records, key=lambda r: r.metadata["score"])
        scope = {"entity": "metadata", "metadata_property": "score"}
        assert first(scope, "desc") == [r.id for r in by_score[::-1][:5]]
        edited = {"entity": "suggestion", "question": "edited", "property": "score"}
        scores = {r.id: r.suggestions["edited"].score for r in records}
        assert [scores[key] for key in first(edited, "asc")] == sorted(scores.values())[:5]
        for name in ("inserted_at", "updated_at"):
            assert len(first({"entity": "record", "property": name}, "asc")) == 5

    def test_similar_and_metrics(self, shelf, campaign, url):
        dataset, records = shelf
        hits = list(dataset.records(query=rg.Query(similar=rg.Similar("v", [1, 0, 0])), limit=3))
        cosine = {r.id: r.vectors["v"][0] / sum(x * x for x in r.vectors["v"]) ** 0.5 for r in records}
        assert [r.id for r, _ in hits] == sorted(cosine, key=lambda k: -cosine[k])[:3]
        http = owner(campaign, url)
        metrics = {p.name: http.get(f"/metadata-properties/{p.id}/metrics").json() for p in dataset.settings.metadata}
        assert metrics["domain"]["total"] == 60 and (metrics["length"]["min"], metrics["length"]["max"]) == (0, 8)
