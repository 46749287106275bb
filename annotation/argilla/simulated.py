"""Simulated reviewers, who answer through the HTTP API as the pages do: to try a campaign out, never to be counted.

They are called ``simulated-1``, ``simulated-2``, ... on the server, in every file and in every report. Their answers
come from hashes of the draft and of their names: they partly agree, and mean nothing.
"""

from __future__ import annotations

import hashlib
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx

from annotation.campaign.folder import Campaign
from rad.errors import RadError
from rad.rationales import text

PAGE = 10  # records that the pages ask for at once


class Simulated:
    """One reviewer with a session of their own. ``seconds``: how long each queue, search and submit took."""

    def __init__(self, url: str, username: str, password: str, timeout: float = 300, agrees: bool = True) -> None:
        self.username, self.seconds = username, defaultdict[str, list[float]](list)
        self.http = httpx.Client(base_url=f"{url}/api/v1", timeout=timeout)
        response = self.http.post("/token", data={"username": username, "password": password})
        response.raise_for_status()
        self.http.headers["Authorization"] = f"Bearer {response.json()['access_token']}"
        if agrees:
            self.agree()

    def agree(self) -> None:
        """Agree to what happens with the answers, wherever it is asked."""
        for dataset in self.http.get("/me/datasets").raise_for_status().json()["items"]:
            if dataset["name"].startswith("consent"):
                for entry in self.queue(dataset["id"])["items"]:
                    self.submit(entry["record"]["id"], {"agreement": "agree"})
        self.seconds.clear()

    def dataset(self, name: str = "review") -> str:
        """The id of the dataset of this name that the reviewer may see."""
        response = self.http.get("/me/datasets")
        response.raise_for_status()
        return str(next(d["id"] for d in response.json()["items"] if d["name"] == name))

    def queue(
        self, dataset: str, status: str = "pending", limit: int = PAGE, words: str | None = None
    ) -> dict[str, Any]:
        """A page of the records with this status for the reviewer, asked for exactly as the pages do."""
        terms = {"type": "terms", "values": [status]}
        filters = [{**terms, "scope": {"entity": "response", "property": "status"}}]
        if status == "pending":
            filters.append({**terms, "scope": {"entity": "record", "property": "status"}})
        query = {"query": {"text": {"q": words}}} if words else {"query": {}}
        clock = time.perf_counter()
        response = self.http.post(
            f"/me/datasets/{dataset}/records/search",
            params={"offset": 0, "limit": limit, "include": ["responses", "suggestions"]},
            json={**query, "filters": {"and": filters}},
        )
        response.raise_for_status()
        page: dict[str, Any] = response.json()
        self.seconds["search" if words else "queue"].append(time.perf_counter() - clock)
        return page

    def submit(self, record: str, values: dict[str, Any], status: str = "submitted") -> dict[str, Any]:
        """Answer a record; ``values`` has an answer a question. The server's response comes back."""
        return self._answer("POST", f"/records/{record}/responses", values, status)

    def change(self, response: str, values: dict[str, Any], status: str = "submitted") -> dict[str, Any]:
        """Answer anew; ``response`` is the id of the answer before."""
        return self._answer("PUT", f"/responses/{response}", values, status)

    def _answer(self, method: str, path: str, values: dict[str, Any], status: str) -> dict[str, Any]:
        body = {"values": {name: {"value": value} for name, value in values.items()}, "status": status}
        clock = time.perf_counter()
        response = self.http.request(method, path, json=body)
        response.raise_for_status()
        answer: dict[str, Any] = response.json()
        self.seconds["submit"].append(time.perf_counter() - clock)
        return answer

    def work(
        self,
        dataset: str,
        answered: Callable[[str], None] = lambda _: None,
        limit: int | None = None,
        look_for: str | None = None,
    ) -> int:
        """Answer the queue until it is empty, and count the answers.

        Args:
            dataset: Its id on the server.
            answered: Called with the rationale id of each accepted answer.
            limit: Answers at most.
            look_for: Words that are searched for once a page.
        """
        n = 0
        while limit is None or n < limit:
            page = self.queue(dataset)["items"]
            if not page:
                break
            if look_for:
                self.queue(dataset, words=look_for)
            for entry in page[: None if limit is None else limit - n]:
                (filled_in,) = entry["record"]["suggestions"]  # the corrected text, as the pages fill it in
                self.submit(entry["record"]["id"], opinion(self.username, filled_in["value"]))
                answered(entry["record"]["external_id"])
                n += 1
        return n


def opinion(who: str, draft: str) -> dict[str, Any]:
    """An answer to every question: what a draft deserves by its own hash, and a reviewer's deviation from that."""
    deserved, own = (_dice(f"{name}:{draft}") for name in ("", who))
    plausibility = min(5, max(1, 1 + deserved[0] % 5 + (own[0] % 4 == 0) - (own[1] % 4 == 0)))
    trust = min(5, max(1, plausibility - deserved[1] % 2 + (own[2] % 5 == 0)))
    answer: dict[str, Any] = {"plausibility": plausibility, "trust": trust, "edited": draft}
    if plausibility <= 2:
        answer |= {"verdict": "reject", "errors": ["generic"] if own[3] % 3 else ["wrong_weight", "generic"]}
        answer["unsupported"] = [{"start": 0, "end": min(len(draft), 20 + own[4] % 8), "label": "unsupported"}]
    elif plausibility == 3 and own[5] % 2:
        answer |= {"verdict": "unsure"}
    elif deserved[6] % 3 == 0 and (n := len(text.read(draft)[0])):
        answer |= {"verdict": "accept_edited", "errors": ["wrong_weight"], **edits(n, deserved, own)}
    elif deserved[6] % 6 == 1 and ". " in draft:
        answer |= {"verdict": "accept_edited", "edited": draft[: draft.rindex(". ") + 1], "errors": ["language"]}
    else:
        answer |= {"verdict": "accept"}
    return answer


def edits(n: int, deserved: bytes, own: bytes) -> dict[str, list[str]]:
    """Ticks on a draft of ``n`` reasons: one reason that deserves it, and now and then a further fact."""
    question = ("strike", "weaken", "strengthen")[deserved[7] % 3]
    ticks = {question: [str(1 + deserved[8] % n)]}
    if own[6] % 8 == 0:  # this reviewer finds another one
        ticks = {"weaken": [str(1 + own[7] % n)]}
    return ticks | ({"add_fact": ["A"]} if deserved[9] % 3 == 0 else {})


def _dice(seed: str) -> bytes:
    return hashlib.sha256(seed.encode()).digest()


def answer_together(
    campaign: Campaign, url: str, names: Sequence[str], limit: int | None, look_for: str
) -> tuple[set[tuple[str, str]], list[Simulated]]:
    """Let all simulated reviewers answer at once, each with their own session.

    Returns:
        (reviewer, rationale id) of each answer that the server accepted, and the reviewers with their timings.

    Raises:
        RadError: One of them failed.
    """
    accepted: set[tuple[str, str]] = set()

    def work(name: str) -> Simulated:
        reviewer = Simulated(url, name, campaign.reviewers()[name]["password"])
        reviewer.work(reviewer.dataset(), lambda record: accepted.add((name, record)), limit, look_for)
        return reviewer

    with ThreadPoolExecutor(len(names)) as pool:
        running = [pool.submit(work, name) for name in names]
    try:
        return accepted, [one.result() for one in running]
    except Exception as error:
        raise RadError(f"a simulated reviewer failed: {error}") from error
