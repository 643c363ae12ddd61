"""The commands of `segue eval` that read a data set in the JAM file format."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from evals.options import Commands, JsonFile, Kept, MarkdownFile, Seeds, Trec, begin, finish

if TYPE_CHECKING:
    from evals.jam_contract import Finding
    from recsys.encoders.text import TextEncoder
    from recsys.types import Progress

Data = Annotated[Path, typer.Option("--data", metavar="FOLDER", help="A data set in the JAM file format.")]
Split = Annotated[str, typer.Option("--split", metavar="val|test", help="The part to report.")]

Grid = Annotated[
    bool, typer.Option("--grid", help="Try the paper's sizes and learning rates, and keep what chooses best.")
]
EncoderName = Annotated[
    str,
    typer.Option(
        "--encoder",
        metavar="NAME",
        help="Text encoder: paper, paper-padding (with :FOLDER of models), or as SEGUE_TEXT_ENCODER, its default.",
    ),
]


def jam(
    data: Data,
    models: Annotated[
        str, typer.Option("--models", metavar="NAME,…", help="Which to score, all, or package.module:Class.")
    ] = "segue",
    seeds: Seeds = "64",
    split: Split = "val",
    encoder: EncoderName = "",
    grid: Grid = False,
    cases: Annotated[
        str,
        typer.Option("--cases", metavar="NAME,…", help="Cases that counts cannot help, or all; each fits once more."),
    ] = "",
    against: Annotated[
        str,
        typer.Option("--against", metavar="NAME,…", help="Compare with these; by default with the best baseline."),
    ] = "",
    without_listening: Annotated[
        bool, typer.Option("--without-listening", help="Leave listening.tsv out, as if nobody's history were known.")
    ] = False,
    per_query: Annotated[
        Path | None, typer.Option("--per-query", metavar="FILE", help="Write every query's figures there, as JSONL.")
    ] = None,
    trec: Trec = None,
    kept: Kept = None,
    markdown: MarkdownFile = None,
    json: JsonFile = None,
) -> None:
    """Rank a data set's items for its listeners' requests: the product, JAM's variants, counts and baselines."""
    from connectors.progress import JobProgress
    from evals.jam import choose_systems, evaluate, open_named, write_lines
    from evals.jam_cases import choose_cases

    chosen, drawn = choose_systems(models), begin(seeds, json, markdown, trec=trec, per_query=per_query)
    wanted = choose_cases(cases)
    others = choose_systems(against) if against else ()
    first = is_first_process()
    with JobProgress() as progress, opened_encoder(encoder, kept, progress) as (opened, lyrics):
        report, lines = evaluate(
            data,
            drawn,
            chosen,
            split=split,
            encoder=opened,
            lyrics=lyrics,
            make=partial(open_named, text_encoder=encoder or None, grid=grid),
            cases=wanted,
            against=others,
            listening=not without_listening,
            trec=trec if first else None,
            kept=kept,
            progress=progress,
        )
    if not first:
        return
    if per_query is not None:
        write_lines(per_query, lines)
    finish(report, json, markdown)


def modalities(
    data: Data,
    models: Annotated[
        str, typer.Option("--models", metavar="NAME,…", help="Of cross, moe1, moe2 and moe2-query.")
    ] = "cross,moe2",
    seeds: Seeds = "64",
    split: Split = "val",
    encoder: EncoderName = "",
    grid: Grid = False,
    remove: Annotated[
        bool, typer.Option("--remove", help="Instead, take every modality away in turn: what is lost, and what then?")
    ] = False,
    trec: Trec = None,
    kept: Kept = None,
    markdown: MarkdownFile = None,
    json: JsonFile = None,
) -> None:
    """Count which modality weighs most in JAM's mixtures, with listeners as given and with summaries of their taste."""
    from connectors.progress import JobProgress
    from evals.jam import open_named
    from evals.jam_modalities import choose_models, evaluate

    chosen, drawn = choose_models(models), begin(seeds, json, markdown, trec=trec)
    if remove:
        from evals.jam_removal import evaluate_removal

        with JobProgress() as progress, opened_encoder(encoder, kept, progress) as (opened, _):
            report = evaluate_removal(data, drawn, split=split, encoder=opened, kept=kept, progress=progress)
        finish(report, json, markdown)
        return
    with JobProgress() as progress, opened_encoder(encoder, kept, progress) as (opened, _):
        report = evaluate(
            data,
            drawn,
            chosen,
            split=split,
            encoder=opened,
            make=partial(open_named, grid=grid),
            trec=trec,
            kept=kept,
            progress=progress,
        )
    finish(report, json, markdown)


def artists(
    data: Data,
    models: Annotated[
        str, typer.Option("--models", metavar="NAME,…", help="Which to ask, or all: see the report's rows.")
    ] = "all",
    seeds: Seeds = "64",
    n_artists: Annotated[int, typer.Option("--artists", min=1, help="Artists to ask for, per seed.")] = 500,
    encoder: EncoderName = "",
    trec: Trec = None,
    kept: Kept = None,
    markdown: MarkdownFile = None,
    json: JsonFile = None,
) -> None:
    """Ask for artists by their names: JAM alone, JAM with an artist modality, and the product."""
    from connectors.progress import JobProgress
    from evals.jam_artists import choose_systems, evaluate, open_one

    chosen, drawn = choose_systems(models), begin(seeds, json, markdown, trec=trec)
    with JobProgress() as progress, opened_encoder(encoder, kept, progress) as (opened, _):
        report = evaluate(
            data,
            drawn,
            chosen,
            encoder=opened,
            n_artists=n_artists,
            make=partial(open_one, text_encoder=encoder or None),
            trec=trec,
            kept=kept,
            progress=progress,
        )
    finish(report, json, markdown)


def statistics(data: Data, seeds: Seeds = "0", markdown: MarkdownFile = None, json: JsonFile = None) -> None:
    """Count what a data set holds, as table 1 of the paper does; nothing is drawn, so the seeds change nothing."""
    from evals.jam_statistics import evaluate

    drawn = begin(seeds, json, markdown)
    finish(evaluate(data, drawn), json, markdown)


def contract(
    models: Annotated[
        str, typer.Option("--models", metavar="NAME,…", help="Which to check, all, or package.module:Class.")
    ],
    seeds: Seeds = "64",
    json: JsonFile = None,
) -> None:
    """Check whether systems keep the contract of systems, clause by clause, on a small planted data set."""
    from evals.errors import ContractError
    from evals.jam import choose_systems, open_named
    from evals.jam_contract import findings
    from evals.jam_contract import report as report_of

    chosen, drawn = choose_systems(models), begin(seeds, json)
    found: dict[str, list[Finding]] = {}
    broken = None
    for name in chosen:
        found[name] = []
        for one in chain.from_iterable(findings(partial(open_named, name), seed=seed) for seed in drawn):
            found[name].append(one)
            typer.echo(f"{name}  {one.clause:9} {f'broken: {one.problem}' if one.problem else 'holds'}")
            if one.problem and broken is None:
                broken = ContractError(name, one.clause, one.promise, one.problem)
    if json is not None:
        report_of(found, drawn).write(json)
    if broken is not None:
        raise broken


@contextmanager
def opened_encoder(
    name: str, kept: Path | None, progress: Progress
) -> Iterator[tuple[TextEncoder, Callable[[], TextEncoder]]]:
    """Open the text encoder of a run, and a way to open that of lyrics; the settings' one without a name."""
    from assistant.settings import Settings
    from evals.scratch import scratch_home
    from recsys.encoders.text import open_lyrics_encoder, open_text_encoder

    settings = Settings()
    with scratch_home(kept) as home:
        how = (name or settings.text_encoder, home / "cache" / "encoder", settings.threads, progress)
        yield open_text_encoder(*how), partial(open_lyrics_encoder, *how)


def is_first_process() -> bool:
    """Tell whether this process is the one that reports: of those that torchrun started, or the only one."""
    from recsys.jam.processes import Processes
    from recsys.jam.trainer import PAPER

    return Processes.join(PAPER.resolved_device()).first


#: Every command with its example.
COMMANDS: Commands = (
    (jam, "segue eval jam --data lastfm-jam --models segue,counting --seeds 64,65,66"),
    (modalities, "segue eval modalities --data lastfm-jam --models cross,moe2 --seeds 64"),
    (artists, "segue eval artists --data lastfm-jam --seeds 64"),
    (contract, "segue eval contract --models my_package.my_module:MyModel"),
    (statistics, "segue eval statistics --data lastfm-jam"),
)
