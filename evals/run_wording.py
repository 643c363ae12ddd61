"""The command `segue eval wording`."""

from __future__ import annotations

from typing import Annotated

import typer

from evals.options import Commands, JsonFile, MarkdownFile, check_destinations, finish


def wording(
    listed: Annotated[bool, typer.Option("--list", help="Print the sentences that were judged wrongly, too.")] = False,
    markdown: MarkdownFile = None,
    json: JsonFile = None,
) -> None:
    """Try the checker of reworded reasons on untrue and on honest sentences."""
    from assistant.rewording.lexicon import load_lexicon
    from evals.report import Report
    from evals.wording import evaluate

    check_destinations(json, markdown)
    report = Report("segue eval wording", {"evaluative words": load_lexicon().n_evaluative}, ())
    wrong = evaluate(report)
    finish(report, json, markdown)
    for one in wrong if listed else ():
        typer.echo(f"{'let through' if one.kind else 'refused'}: {one.sentence}")


#: Every command with its example.
COMMANDS: Commands = ((wording, "segue eval wording --json wording.json"),)
