"""What `segue doctor --live` prints: each request as it was answered, then the figures."""

from __future__ import annotations

import statistics

from rich.console import Console
from rich.text import Text

from assistant.labels import plain
from assistant.live import LiveReport
from assistant.live_wording import LiveWording


def _wording_lines(wording: LiveWording) -> list[str]:
    """The figures of the rewording, and each sentence that was dropped with what speaks against it."""
    dropped = [one for one in wording.sentences if one.objection]
    counts = f"{wording.n_kept} kept, {wording.n_dropped} dropped, of {wording.n_tracks} tracks"
    seconds = f"{statistics.median(wording.seconds):.2f} s for five tracks"
    return [
        f"Reworded sentences: {counts}; p50 {seconds}",
        *(f"  dropped: {plain(one.sentence)} ({plain(one.objection)})" for one in dropped),
    ]


def show_live_report(console: Console, report: LiveReport) -> None:
    """Show what came of each request, and of all of them."""
    for answer in report.answers:
        mark, style = ("✓", "green") if answer.valid else ("✗", "bold red")
        read = f"{answer.n_agreed} of {answer.n_read} as the rules read it" if answer.valid else plain(answer.problem)
        line = f" {plain(answer.request)}: {read}; {answer.seconds:.1f} s"
        console.print(Text.assemble((mark, style), line), soft_wrap=True)
    n_asked = len(report.answers)
    lines = [f"Valid answers of {plain(report.model)}: {report.n_valid} of {n_asked}"]
    if n_asked < report.n_requests:
        lines[0] += f"; it stopped answering, so {report.n_requests - n_asked} more were not asked"
    if report.n_read:
        share = f"{report.n_agreed} of {report.n_read} ({report.n_agreed / report.n_read:.0%})"
        lines.append(f"Read as the rules read it: {share}")
    lines.append(f"Seconds: p50 {report.seconds_p50:.2f}, max {report.seconds_max:.2f}")
    if report.wording is not None:
        lines += _wording_lines(report.wording)
    for line in lines:
        console.print(Text(line), soft_wrap=True)
