"""`segue train`: the joint space, one space of it, the understanding of requests, the ranker, or what comes next."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from connectors.opening import open_assistant, read_settings

if TYPE_CHECKING:
    from assistant.following_reports import SequentialReport
    from assistant.reports import RankerReport

_MOST_PROBLEMS = 20


def train(
    seed: Annotated[
        int | None, typer.Option(min=0, help="Seed of synthesis and training (default: SEGUE_SEED)")
    ] = None,
    steps: Annotated[int | None, typer.Option(min=1, help="Training steps (default: by catalogue size)")] = None,
    data: Annotated[
        Path | None,
        typer.Option("--data", metavar="FOLDER", help="Learn from the real requests of a JAM folder."),
    ] = None,
    only: Annotated[
        str | None,
        typer.Option("--only", metavar="NAME", help="Fit only this stored space (see `segue embeddings`)."),
    ] = None,
    tidy_names: Annotated[
        bool, typer.Option("--tidy-names", help="Write playlist names as plain queries before learning from them.")
    ] = False,
    from_events: Annotated[
        bool,
        typer.Option("--from-events", help="Learn also from what was kept in conversations; serve only if better."),
    ] = False,
    requests: Annotated[
        Path | None,
        typer.Option("--requests", metavar="FILE", help="Learn to read from labelled requests, beside the rules."),
    ] = None,
    names: Annotated[
        Path | None,
        typer.Option("--names", metavar="FILE", help="With --requests: also from requests whose names are labelled."),
    ] = None,
    ranker: Annotated[
        bool,
        typer.Option("--ranker", help="Learn to rank from the conversations held here; serve only if not worse."),
    ] = False,
    dialogs: Annotated[
        Path | None,
        typer.Option("--dialogs", metavar="FILE", help="With --ranker: also from conversations in CPCD's form."),
    ] = None,
    walks: Annotated[
        int | None,
        typer.Option(
            "--walks",
            metavar="N",
            min=0,
            help="With --ranker: made conversations to add (default: so many that there are 300).",
        ),
    ] = None,
    sequential: Annotated[
        bool,
        typer.Option("--sequential", help="Learn what comes next in a session; serve only if better than counting."),
    ] = False,
    apex: Annotated[
        bool,
        typer.Option("--apex", help="Learn appeal from FILE (docs/appeal.md); without it, from the catalogue itself."),
    ] = False,
    table: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="With --apex: a table of targets.", show_default=False)
    ] = None,
    checkpoint: Annotated[
        Path | None,
        typer.Option("--checkpoint", metavar="FILE", help="With --apex: ask APEX's published checkpoint about files."),
    ] = None,
    vectors: Annotated[
        list[str] | None,
        typer.Option("--vectors", metavar="NAME", help="With --apex: FILE.npy, a space, text:COLUMN or features."),
    ] = None,
    targets: Annotated[
        str | None, typer.Option("--targets", metavar="NAME,…", help="With --apex: which to learn (default: all).")
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="With --apex: such as loss=weighted, shared=3, mode=segment."),
    ] = None,
) -> None:
    """Train the joint space anew on what is indexed, or on real requests, and serve it.

    With --only, the model being served stays as it is and one space is fitted to it; with --requests, it stays and
    only the understanding of requests learns; with --ranker, only what orders the candidates of a conversation; with
    --sequential, only what comes next in a session; with --apex, only how much tracks appeal by their content.
    """
    others = (ranker, dialogs, walks, requests, names, steps, data, only)
    if table is not None and not apex:
        raise typer.BadParameter(f"{table} is a table for --apex; give that as well")
    if table is None and (vectors or targets or set_):
        raise typer.BadParameter("--vectors, --targets and --set go with --apex FILE; give that as well")
    if checkpoint is not None and (not apex or table is not None or vectors or targets or set_ or seed is not None):
        raise typer.BadParameter("--checkpoint goes with --apex and nothing else: nothing is learnt, files are heard")
    if apex:
        if any(one not in (None, False) for one in others) or tidy_names or from_events or sequential:
            raise typer.BadParameter("--apex learns appeal alone; it goes with --vectors, --targets, --set and --seed")
        if checkpoint is not None:
            _predict_by_checkpoint(checkpoint)
        elif table is None:
            _train_own_appeal(seed)
        else:
            _train_appeal(table, vectors or [], targets, set_ or [], seed)
        return
    if sequential and (any(one not in (None, False) for one in others) or tidy_names or from_events):
        raise typer.BadParameter("--sequential learns what comes next alone; it goes with --seed and nothing else")
    of_space = (steps, data, only, tidy_names, from_events) != (None, None, None, False, False)
    if ranker and (of_space or requests is not None or names is not None):
        raise typer.BadParameter("--ranker teaches the ranking alone; it goes with --dialogs, --walks and --seed")
    if not ranker and (dialogs is not None or walks is not None):
        raise typer.BadParameter("--dialogs and --walks go with --ranker; give that as well")
    if requests is not None and of_space:
        raise typer.BadParameter("--requests teaches the understanding alone; leave out the options of the joint space")
    if names is not None and requests is None:
        raise typer.BadParameter("--names teaches the understanding beside --requests FILE; give that as well")
    if only is not None and (data is not None or seed is not None):
        raise typer.BadParameter("--only keeps the examples and the seed of the model; leave out --data and --seed")
    if only is not None and (tidy_names or from_events):
        raise typer.BadParameter("--only keeps the examples of the model; leave out --tidy-names and --from-events")
    if (data is not None) + tidy_names + from_events > 1:
        raise typer.BadParameter("--data, --tidy-names and --from-events learn from different requests; give one")
    if data is not None and steps is not None:
        raise typer.BadParameter("--steps is of synthetic training; real requests are learnt from in whole epochs")
    from assistant.helping import train_together
    from connectors.console import open_console, show_train_report
    from connectors.progress import JobProgress

    asked = {"seed": seed, "training_steps": steps}
    settings = read_settings().model_copy(update={field: value for field, value in asked.items() if value is not None})
    with open_assistant(settings) as assistant:
        if sequential:
            with JobProgress() as progress:
                followed = assistant.train_sequential(progress)
            for line in _told_of_following(followed):
                typer.echo(line)
            return
        if ranker:
            with JobProgress() as progress:
                learnt = assistant.train_ranker(progress, dialogs=dialogs, n_walks=walks)
            for line in _told(learnt):
                typer.echo(line)
            return
        if requests is not None:
            with JobProgress() as progress:
                read = assistant.train_reading(requests, progress, names=names)
            kinds = ", ".join(read.facets)
            typer.echo(f"Learnt to read from {read.n_requests:,} requests in {read.seconds:.0f} s: {kinds}.")
            return
        with JobProgress() as progress:
            if data is not None:
                report = train_together(assistant, data, progress)
            elif from_events:
                report = assistant.train_from_events(progress)
            else:
                report = assistant.train(progress, only=only or "", tidy_names=tidy_names)
        if report is not None:  # one process of several reports
            show_train_report(open_console(), report)


def _train_own_appeal(seed: int | None) -> None:
    from assistant.appealing_own import train_own_appeal
    from connectors.progress import JobProgress

    settings = read_settings()
    with JobProgress() as progress:
        report = train_own_appeal(settings.home, settings.seed if seed is None else seed, progress)
    typer.echo(
        f"Learnt appeal from the catalogue's own {report.n_tracks:,} tracks in {report.seconds:.0f} s, from "
        f"{', '.join(report.inputs)}"
    )
    for one in report.trials:
        beats = "it serves tracks that do not state it" if one.switched_on else "it does not serve: no better than that"
        typer.echo(
            f"  {one.head}: stated of {one.n_known:,} tracks by {one.n_artists:,} artists; on artists that were held "
            f"out Spearman {one.spearman:.3f} [{one.low:.3f}, {one.high:.3f}], error {one.error:.3g}, the mean "
            f"has {one.error_of_mean:.3g}; {one.covered:.0%} lie in the 80 % intervals; {beats}"
        )
    if not settings.appeal:
        typer.echo("  SEGUE_APPEAL is off, so that it takes no part until that is on")


def _train_appeal(table: Path, vectors: list[str], targets: str | None, asked: list[str], seed: int | None) -> None:
    from assistant.appealing import train_appeal
    from connectors.progress import JobProgress

    settings = read_settings()
    wanted = [name.strip() for name in (targets or "").split(",") if name.strip()]
    with JobProgress() as progress:
        report = train_appeal(
            settings.home,
            table,
            vectors=vectors,
            targets=wanted,
            asked=asked,
            encoder=settings.text_encoder,
            seed=settings.seed if seed is None else seed,
            progress=progress,
        )
    heads = ", ".join(f"{name} ({kind}, {n:,} known)" for name, (kind, n) in report.heads.items())
    typer.echo(
        f"Learnt appeal from {report.n_rows:,} rows by {report.n_artists:,} artists in {report.seconds:.0f} s, from "
        f"{', '.join(report.inputs)}"
    )
    typer.echo(f"  heads: {heads}")
    best = f"the best of {report.n_epochs} epochs was {report.best_epoch}"
    typer.echo(f"  {best}, with a loss of {report.loss:.4g} on artists that were held out")
    typer.echo(f"  it is in {report.folder}")


def _predict_by_checkpoint(checkpoint: Path) -> None:
    from assistant.labels import plain
    from connectors.progress import JobProgress

    settings = read_settings()
    with open_assistant(settings) as assistant, JobProgress() as progress:
        report = assistant.predict_by_checkpoint(checkpoint, progress)
    typer.echo(
        f"Predicted appeal of {report.n_heard:,} of {report.n_tracks:,} tracks with a file by {checkpoint.name} "
        f"(learnt by {report.mode}) in {report.seconds:.0f} s; {report.n_decoded:,} files were heard now"
    )
    for name, one in report.errors.items():
        of = f"the error on {one.n_stated:,} tracks that state it" if one.n_stated else "its range: no error is known"
        typer.echo(f"  {name}: made by a model, deviation {one.deviation:.3g}, {of}")
    for problem in report.problems[:_MOST_PROBLEMS]:
        typer.echo(f"  not heard: {plain(problem.path)}: {plain(problem.reason)}")
    if len(report.problems) > _MOST_PROBLEMS:
        typer.echo(f"  … and {len(report.problems) - _MOST_PROBLEMS:,} more")
    if not settings.appeal:
        typer.echo("  SEGUE_APPEAL is off, so that it takes no part until that is on")


def _told(report: RankerReport) -> list[str]:
    """Say what the ranker learnt from, how it compares, and which one serves."""
    trial = report.trial
    made = f" and {report.n_walks:,} made ones" if report.n_walks else ""
    surely = "better" if trial.low > 0 else "not worse, if not surely better"
    cost = f"({report.n_turns:,} turns) in {report.seconds:.0f} s"
    whose = f"{report.n_own:,} held here, {report.n_given:,} of --dialogs"
    return [
        f"Learnt to rank from {report.n_learnt:,} conversations{made} {cost}",
        f"  real conversations: {whose}; {report.n_held_out:,} of them were held out",
        f"MRR@10 on those: {trial.served:.3f} served so far, {trial.new:.3f} new; difference {trial.difference:+.3f} "
        f"[{trial.low:+.3f}, {trial.high:+.3f}] (95 %, paired)",
        f"The new ranker serves, from the next message on: it is {surely}"
        if report.deployed
        else "The ranker that served goes on: the new one is worse there",
    ]


def _told_of_following(report: SequentialReport) -> list[str]:
    """Say what was learnt of what comes next, how the models compare, and whether one is switched on."""
    whose = f" of {report.n_listeners:,} listeners" if report.n_listeners else ""
    figures = ", ".join(f"{name} {figure:.3f}" for name, figure in report.figures.items())
    trial = report.trial
    return [
        f"Learnt what comes next from {report.n_sequences:,} {report.source}{whose}: {report.n_steps:,} steps over "
        f"{report.n_tracks:,} tracks in {report.seconds:.0f} s",
        f"  the first {report.n_learnt:,} taught, and {report.n_questions:,} steps of the later ones were asked for",
        f"NDCG@10 on those: {figures}",
        f"{report.model} against {report.baseline}: {trial.new:.3f} and {trial.served:.3f}; difference "
        f"{trial.difference:+.3f} [{trial.low:+.3f}, {trial.high:+.3f}] (95 %, paired)",
        _verdict(report),
    ]


def _verdict(report: SequentialReport) -> str:
    if report.switched_on:
        return (
            f"The model ({report.model}) is switched on for this catalogue, from the next message on; in the radio it "
            f"counts {report.weight:g}, which finds most of the later {report.source}"
        )
    why = (
        "it beats counting, but adds nothing to likeness and shared playlists"
        if report.trial.low > 0
        else "none is surely better there than counting"
    )
    return f"No model is switched on for this catalogue: {why}"
