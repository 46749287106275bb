"""What a reviewer's own session reads on the embedded server: nothing of others."""

from __future__ import annotations

import re

import pytest

pytest.importorskip("argilla", reason="needs the extra 'annotate'")

from tests.annotation.argilla.conftest import HUMANS
from tests.support.review_server import as_user, owner

pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("server_environment"),
    pytest.mark.xdist_group("review server"),
]
SECRET = "what ben thinks of it"


def test_a_reviewer_reads_nothing_of_others(pushed, url):
    anna, ben, http = (*(as_user(pushed, url, name) for name in HUMANS), owner(pushed, url))
    dataset, answer = anna.dataset(), {"plausibility": 1, "trust": 1, "verdict": "reject", "edited": SECRET}
    record, mine = (entry["record"]["id"] for entry in ben.queue(dataset)["items"][:2])
    ben.submit(record, answer)
    anna.submit(mine, {**answer, "edited": "what anna thinks"})
    seen = {ids: anna.http.get(f"/records/{ids}").json() for ids in (record, mine)}
    assert seen[record]["responses"] == [] and not seen[record]["metadata"]
    assert [one["values"]["edited"]["value"] for one in seen[mine]["responses"]] == ["what anna thinks"]
    assert SECRET in http.get(f"/records/{record}").text, "the owner reads all"
    mine_alone = anna.http.get(f"/datasets/{dataset}/progress").json()
    total = mine_alone["total"]
    assert mine_alone == {"total": total, "completed": 1, "pending": total - 1, "users": []}
    counts = anna.http.get(f"/datasets/{dataset}/users/progress").json()["users"]
    assert [one["username"] for one in counts] == ["anna"]
    everybody = http.get(f"/datasets/{dataset}/users/progress").json()["users"]
    assert {one["username"] for one in everybody} == set(HUMANS)
    ids = {"dataset_id": dataset, "record_id": record, "workspace_id": "0"}
    for path, methods in http.get("/openapi.json").json()["paths"].items():
        if "get" in methods and set(re.findall(r"{(\w+)}", path)) <= ids.keys():
            content = anna.http.get(path.format(**ids)).text
            assert SECRET not in content and '"ben"' not in content, path
    hits = anna.http.post(
        f"/me/datasets/{dataset}/records/search", params={"include": "responses", "limit": 1000}, json={"query": {}}
    )
    assert hits.status_code == 200 and SECRET not in hits.text
