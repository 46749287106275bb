"""Submissions that lie, break the format or attack the reader, by kinds: each is a change of an entry that holds.

``entries``, ``fields``, ``predictions`` and ``work`` have the kinds; ``python -m tests.support.hostile.cost`` verifies
all of them and prints what the dearest cost.
"""
