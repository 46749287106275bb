"""What a reviewer's own session reads on the embedded server: nothing of others."""

from __future__ import annotations

import re

import pytest

pytest.importorskip("argilla", reason="needs the extra 'annotate'")

from annotation.__main__ import main
from annotation.campaign.folder import Campaign
from tests.support.review_server import WORLD, as_user, owner

pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("server_environment"),
    pytest.mark.xdist_group("review server"),
]
SECRET = "what hugo thinks of it"


def test_a_reviewer_reads_nothing_of_others(campaign, url, tmp_path, monkeypatch):
    monkeypatch.setenv("ARGILLA_API_KEY", campaign.owner()["api_key"])
    other = Campaign(tmp_path / "blind")
    main(["draft", str(other.path), "--domain", WORLD, "--limit", "4"])
    main(["push", str(other.path), "--api-url", url, "--reviewers", "gina,hugo"])
    gina, hugo, http = as_user(other, url, "gina"), as_user(other, url, "hugo"), owner(campaign, url)
    dataset, answer = gina.dataset(), {"plausibility": 1, "trust": 1, "verdict": "reject", "edited": SECRET}
    record, mine = (entry["record"]["id"] for entry in hugo.queue(dataset)["items"][:2])
    hugo.submit(record, answer)
    gina.submit(mine, {**answer, "edited": "what gina thinks"})
    seen = {ids: gina.http.get(f"/records/{ids}").json() for ids in (record, mine)}
    assert seen[record]["responses"] == [] and not seen[record]["metadata"]
    assert [one["values"]["edited"]["value"] for one in seen[mine]["responses"]] == ["what gina thinks"]
    assert SECRET in http.get(f"/records/{record}").text, "the owner reads all"
    mine_alone = gina.http.get(f"/datasets/{dataset}/progress").json()
    total = mine_alone["total"]
    assert mine_alone == {"total": total, "completed": 1, "pending": total - 1, "users": []}
    counts = gina.http.get(f"/datasets/{dataset}/users/progress").json()["users"]
    assert [one["username"] for one in counts] == ["gina"]
    everybody = http.get(f"/datasets/{dataset}/users/progress").json()["users"]
    assert {one["username"] for one in everybody} == {"gina", "hugo"}
    ids = {"dataset_id": dataset, "record_id": record, "workspace_id": "0"}
    for path, methods in http.get("/openapi.json").json()["paths"].items():
        if "get" in methods and set(re.findall(r"{(\w+)}", path)) <= ids.keys():
            content = gina.http.get(path.format(**ids)).text
            assert SECRET not in content and '"hugo"' not in content, path
    hits = gina.http.post(
        f"/me/datasets/{dataset}/records/search", params={"include": "responses", "limit": 1000}, json={"query": {}}
    )
    assert hits.status_code == 200 and SECRET not in hits.text
