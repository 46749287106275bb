"""A publisher's split of a shop where everybody buys their own two staples in turn, and nothing else."""

from __future__ import annotations

from pathlib import Path

USERS, ITEMS = 12, 40  # user k buys items 2k and 2k + 1; the last ones are nobody's


def staples(folder: Path) -> str:
    """The domain of the shop's files, which it writes: three training rows a user, one of validation, two of test."""
    folder.mkdir(parents=True, exist_ok=True)
    rows: dict[str, list[str]] = {"train": [], "valid": [], "test": []}
    for user in range(USERS):
        bought = [2 * user + k % 2 for k in range(8)]
        for n, part in enumerate(("train", "train", "train", "valid", "test", "test"), 2):
            rows[part].append(f"u{user}\t{' '.join(f'i{item}' for item in bought[:n])}\ti{bought[n]}\n")
    for part, lines in rows.items():
        header = "user_id:token\titem_id_list:token_seq\titem_id:token\n"
        (folder / f"Shop.{part}.inter").write_text(header + "".join(lines))
    titles = "".join(f"i{item}\tarticle{item} kind{item % 5}\n" for item in range(ITEMS))
    (folder / "Shop.item").write_text("item_id:token\ttitle:token_seq\n" + titles)
    return f"recbole:{folder}"
