"""Which entries the page shows: those that can be read, with whole predictions, and whose own page can be rendered.

Entries are added by strangers and may not be removed, so one that slipped through must cost the others nothing. What is
left out is named with its reason.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from leaderboard.owners.withdrawals import withdrawal_violations
from leaderboard.site.pages import unrenderable
from leaderboard.site.rationales import summary
from leaderboard.site.recomputed import completed
from leaderboard.site.rows import key_of
from leaderboard.site.significance import OpenData
from leaderboard.verification.entry import WITHDRAWN, Entry, Withdrawal, read
from leaderboard.verification.folder import entry_files, read_entry
from leaderboard.verification.headline import RationaleSummary
from rad.errors import RadError
from rad.reporting.console import printable


@dataclass
class Admitted:
    """The entries of a folder as the page takes them.

    Attributes:
        entries: Those that it shows, by path.
        withdrawn: Reasons by run of those that were taken back.
        summaries: What the rationales of each are like, by run; an entry without its predictions is not there.
        left_out: Reasons by file of those that it cannot show.
    """

    entries: list[Entry] = field(default_factory=list)
    withdrawn: dict[str, str] = field(default_factory=dict)
    summaries: dict[str, RationaleSummary] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)

    @property
    def ranked(self) -> list[Entry]:
        """The entries that were not taken back."""
        return [entry for entry in self.entries if entry.run_id not in self.withdrawn]

    def leave_out(self, file: str, reason: object) -> None:
        """Leave out a file; its name may be one that no page can hold."""
        self.left_out[printable(file)] = printable(str(reason))

    def leave_out_unrenderable(self) -> bool:
        """Leave out the entries whose pages cannot be rendered; whether there are any."""
        reasons = {entry.file: reason for entry in self.entries if (reason := unrenderable(entry))}
        for file, reason in reasons.items():
            self.leave_out(file, f"its page cannot be shown ({reason})")
        self.entries = [entry for entry in self.entries if entry.file not in reasons]
        return bool(reasons)


def admitted(root: Path, data: OpenData) -> Admitted:
    """What lies below ``root``, each entry with every score that ``data`` give it. Nothing in a file of it raises."""
    out, root, runs, readable = Admitted(), root.resolve(), set[str](), list[Entry]()
    for path in entry_files(root):
        name = path.relative_to(root).as_posix()
        try:
            entry = read_entry(path, root)
            if entry.run_id in runs:
                raise RadError(f"another file has the run_id {entry.run_id}")
            summed = summary(entry, root)
        except RadError as error:
            out.leave_out(name, str(error).replace(f"{root}/", ""))
            continue
        runs.add(entry.run_id)
        readable.append(entry)
        out.summaries |= {entry.run_id: summed} if summed else {}
    for entry in sorted(readable, key=key_of):  # by task: the data of one are open at a time
        try:
            out.entries.append(completed(entry, root, data))
        except RadError as error:
            out.leave_out(entry.file, str(error).replace(f"{root}/", ""))
    out.entries.sort(key=lambda entry: entry.file)
    for path in sorted(root.glob(f"*/*{WITHDRAWN}")):
        if violation := next(withdrawal_violations(path), None):  # one that verify refuses takes nothing back
            out.leave_out(path.relative_to(root).as_posix(), violation)
        else:
            withdrawal = read(path, Withdrawal)
            out.withdrawn[withdrawal.run_id] = withdrawal.reason
    return out
