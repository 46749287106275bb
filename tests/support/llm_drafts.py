"""What tests of the drafter ``llm`` share: the value that its drafts claim, and what the endpoint was sent."""

from __future__ import annotations

RED = ("colour", "red")


def texts(fake_endpoint):
    return [request["messages"][-1]["content"] for request in fake_endpoint.requests]


def rules(violations):
    return [violation.rule for violation in violations]
