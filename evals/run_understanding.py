"""The command `segue eval understanding`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from evals.options import JsonFile, Kept, MarkdownFile, Seeds, check_destination, finish, read_seeds


def understanding(
    train: Annotated[
        Path, typer.Option("--train", metavar="FILE", help="Labelled requests to learn from (MusicRecoIntent's CSV).")
    ],
    test: Annotated[
        Path | None, typer.Option("--test", metavar="FILE", help="Those to ask; without it --train in five folds.")
    ] = None,
    systems: Annotated[str, typer.Option("--systems", metavar="NAME,…", help="Which to ask, or all.")] = "segue",
    catalogue: Annotated[
        Path | None,
        typer.Option("--catalogue", metavar="FILE", help="Whose names the rules know; the starter by default."),
    ] = None,
    frozen: Annotated[
        bool, typer.Option("--frozen", help="Ask the frozen third of the written requests, in place of the rest.")
    ] = False,
    seeds: Seeds = "64",
    kept: Kept = None,
    markdown: MarkdownFile = None,
    json: JsonFile = None,
) -> None:
    """Find what labelled requests say of the music: by the rules, by what is learnt, and by both."""
    from assistant.settings import Settings
    from assistant.understanding.labelled import read_labelled
    from assistant.understanding.rules import RulesUnderstanding
    from connectors.progress import JobProgress
    from evals.errors import EvaluationDataError
    from evals.report import Report
    from evals.scratch import scratch_home
    from evals.understanding import choose_systems, evaluate
    from recsys.catalogue import Catalogue
    from recsys.encoders.text import WordEncoder, open_text_encoder
    from recsys.sources import read_source, read_starter

    chosen, drawn = choose_systems(systems), read_seeds(seeds)
    for path, option in ((json, "--json"), (markdown, "--markdown")):
        check_destination(path, option)
    fitted, asked = read_labelled(train), None if test is None else read_labelled(test)
    settings = Settings()
    with scratch_home(kept) as home, JobProgress() as progress:
        encoder = open_text_encoder(settings.text_encoder, home / "cache" / "encoder", settings.threads, progress)
        if not isinstance(encoder, WordEncoder):
            raise EvaluationDataError(
                f"the text encoder {encoder.name} has no states of words; unset SEGUE_TEXT_ENCODER"
            )
        content = read_starter() if catalogue is None else read_source(catalogue, progress=progress)
        said: dict[str, object] = {
            "train": train,
            "test": test or "in five folds",
            "systems": list(chosen),
            "encoder": encoder.name,
        }
        said |= {
            "catalogue": catalogue or "starter",
            "requests": len(fitted),
            "written": "frozen" if frozen else "open",
        }
        report = Report("segue eval understanding", said, drawn)
        evaluate(
            fitted,
            asked,
            chosen,
            drawn,
            rules=RulesUnderstanding(Catalogue.from_tracks(content.tracks, content.collections)),
            encoder=encoder,
            report=report,
            frozen=frozen,
            progress=progress,
        )
    finish(report, json, markdown)


#: Every command with its example.
COMMANDS: tuple[tuple[Callable[..., None], str], ...] = (
    (understanding, "segue eval understanding --train music-intent/train.csv --json understanding.json"),
)
