"""The commands `segue eval understanding` and `segue bench reading`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evals.options import Commands, JsonFile, Kept, MarkdownFile, Seeds, Songs, begin, finish


def understanding(
    train: Annotated[
        Path | None,
        typer.Option("--train", metavar="FILE", help="Labelled requests to learn from (MusicRecoIntent's CSV)."),
    ] = None,
    test: Annotated[
        Path | None, typer.Option("--test", metavar="FILE", help="Those to ask; without it --train in five folds.")
    ] = None,
    names: Annotated[
        Path | None,
        typer.Option(
            "--names",
            metavar="FILE",
            help="Requests to learn from whose names alone are labelled (MusicRecoNER's CSV).",
        ),
    ] = None,
    entities: Annotated[
        Path | None,
        typer.Option(
            "--entities",
            metavar="FILE",
            help="Mentions of artists and works to find and to link (MusicRecoNER's CSV), in place of the rest.",
        ),
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
    """Find what labelled requests say of the music: by the rules, by what is learnt, and by both.

    With --entities, find and link the names in requests: by the rules, and with --train by the product that learnt.
    """
    if train is None and entities is None:
        raise typer.BadParameter("give --train FILE, --entities FILE or both", param_hint="--train")
    if test is not None and entities is not None:
        raise typer.BadParameter("--entities asks its own requests; leave --test out", param_hint="--test")
    from assistant.settings import Settings
    from assistant.understanding.labelled import read_labelled, read_names
    from assistant.understanding.rules import RulesUnderstanding
    from connectors.progress import JobProgress
    from evals.errors import EvaluationDataError
    from evals.mentions import evaluate_mentions, read_mentions
    from evals.report import Report
    from evals.scratch import scratch_home
    from evals.understanding import choose_systems, evaluate
    from recsys.catalogue import Catalogue
    from recsys.encoders.text import WordEncoder, open_text_encoder
    from recsys.sources import read_source, read_starter

    chosen, drawn = choose_systems(systems), begin(seeds, json, markdown)
    fitted, asked = (None if file is None else read_labelled(file) for file in (train, test))
    named = [] if names is None else read_names(names)
    mentions = None if entities is None else read_mentions(entities)
    settings = Settings()
    with scratch_home(kept) as home, JobProgress() as progress:
        encoder = open_text_encoder(settings.text_encoder, home / "cache" / "encoder", settings.threads, progress)
        if not isinstance(encoder, WordEncoder):
            raise EvaluationDataError(
                f"the text encoder {encoder.name} has no states of words; unset SEGUE_TEXT_ENCODER"
            )
        if mentions is not None:
            said: dict[str, object] = {"entities": entities, "train": train, "names": names, "encoder": encoder.name}
            report = Report("segue eval understanding", said | {"requests": len(mentions)}, drawn)
            learnt = None if fitted is None else [*fitted, *named]
            evaluate_mentions(mentions, learnt, drawn[0], encoder=encoder, report=report, progress=progress)
        elif fitted is not None:
            content = read_starter() if catalogue is None else read_source(catalogue, progress=progress)
            said = {
                "train": train,
                "names": names,
                "test": test or "in five folds",
                "systems": list(chosen),
                "encoder": encoder.name,
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
                named=named,
                progress=progress,
            )
    finish(report, json, markdown)


def reading(
    catalogue: Songs,
    n_names: Annotated[
        int, typer.Option("--names", min=100, help="Names of the synthetic catalogue made of its words.")
    ] = 1_000_000,
    seeds: Seeds = "64",
    json: JsonFile = None,
) -> None:
    """Measure how long the rules take to read a message, on a catalogue and on one with very many names."""
    from connectors.progress import JobProgress
    from evals.reading_speed import bench_reading

    drawn = begin(seeds, json)
    with JobProgress() as progress:
        report = bench_reading(catalogue, n_names, drawn, progress=progress)
    finish(report, json)


#: Every command of `segue bench` with its example.
BENCHES: Commands = ((reading, "segue bench reading --catalogue spotify_songs.csv.gz --names 1000000"),)
#: Every command of `segue eval` with its example.
COMMANDS: Commands = (
    (
        understanding,
        "segue eval understanding --train music-intent/train.csv --entities music-ner/entities.csv",
    ),
)
