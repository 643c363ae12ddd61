"""The command `segue eval lyrics`."""

from __future__ import annotations

from evals.options import Commands, JsonFile, Kept, MarkdownFile, Seeds, begin, finish


def lyrics(seeds: Seeds = "64", kept: Kept = None, markdown: MarkdownFile = None, json: JsonFile = None) -> None:
    """Find themes and languages of made lyrics, and songs about something."""
    from connectors.progress import JobProgress
    from evals.lyrics import evaluate

    drawn = begin(seeds, json, markdown)
    with JobProgress() as progress:
        report = evaluate(drawn, kept=kept, progress=progress)
    finish(report, json, markdown)


#: Every command with its example.
COMMANDS: Commands = ((lyrics, "segue eval lyrics --json lyrics.json"),)
