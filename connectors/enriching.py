"""`segue enrich`: fill what tracks do not state from what else is known of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from connectors.lookups import LOOKUPS, open_lookup
from connectors.opening import open_assistant, read_settings

if TYPE_CHECKING:
    from assistant.enriching_reports import DropReport, EnrichReport, KnowledgeReport

#: Share of a source without a genre from which enriching is worth a line.
_MOSTLY = 0.5
#: What people call the sources of knowledge.
_NAMES = {
    "artist": "Other tracks of the artist",
    "artist-facts": "What is generally known of the artist",
    "musicbrainz": "MusicBrainz",
    "listenbrainz": "ListenBrainz",
    "llm": "Your language model",
}


def enrich(
    from_: Annotated[
        str,
        typer.Option(
            "--from",
            metavar="NAME,…",
            help="Where from: artists, facts, musicbrainz, listenbrainz, llm. The last three are told artists and "
            "titles.",
        ),
    ] = "artists,facts",
    source: Annotated[
        str | None, typer.Option("--source", metavar="NAME", help="Only the tracks of this catalogue source.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be filled; ask no service and change nothing.")
    ] = False,
    undo: Annotated[
        str | None, typer.Option("--undo", metavar="NAME", help="Forget all that one of them said, and do no more.")
    ] = None,
) -> None:
    """Fill genre, year, language and more where tracks have little more than a name.

    Every value keeps where it is from and how sure it is, never replaces what a track states, and is shown as inferred.
    """
    from connectors.progress import JobProgress

    settings = read_settings()
    names = [name.strip() for name in from_.split(",") if name.strip()]
    with open_assistant(settings) as assistant:
        if undo is not None:
            with JobProgress() as progress:
                dropped = assistant.drop_enrichment(undo, progress)
            typer.echo(told_dropped(dropped))
            return
        services = {name: open_lookup(name, settings) for name in names if name in LOOKUPS}
        with JobProgress() as progress:
            report = assistant.enrich(names, source=source, dry_run=dry_run, lookups=services, progress=progress)
    for line in told(report):
        typer.echo(line)
    if any(one.problem for one in report.sources):
        raise typer.Exit(1)


def told(report: EnrichReport) -> list[str]:
    """Say source by source and field by field what was filled, and how sure it is."""
    lines = [f"{_count(report.n_tracks, 'track')} looked at"]
    for one in report.sources:
        lines += _of_source(one)
    if report.dry_run:
        return [*lines, "Nothing was changed (--dry-run)"]
    served = f"Serving {_count(report.n_served, 'track')}{'' if report.generation_changed else ' (nothing changed)'}"
    return [*lines, f"{served}; {report.seconds:.1f} s"]


def told_dropped(report: DropReport) -> str:
    """Say what was forgotten."""
    what = f"{_count(report.n_values, 'value')} from {report.source}"
    return f"Forgot {what}" if report.n_values else f"There was nothing from {report.source}"


def advice(undescribed: float) -> list[str]:
    """What to do where most tracks of a source have no genre; nothing otherwise."""
    if undescribed <= _MOSTLY:
        return []
    return [f"{undescribed:.0%} of its tracks have no genre: `segue enrich` fills in what is known of their artists"]


def _of_source(report: KnowledgeReport) -> list[str]:
    lines = [f"{_NAMES[report.source]}:"]
    if report.n_asked or report.n_kept or report.n_left:
        asked = f"asked about {_count(report.n_asked, 'track')}, {report.n_kept:,} known from earlier"
        lines.append(f"  {asked}, {report.n_left:,} left")
    for one in report.fields:
        sure = f", on average {one.confidence:.0%} sure" if one.n_filled else ""
        unsure = f"; {one.n_unsure:,} too unsure to be shown" if one.n_unsure else ""
        lines.append(f"  {one.field:<16} {one.n_filled:,} of {one.n_missing:,} that lack it{sure}{unsure}")
        lines += [f"    {example}" for example in one.examples]
    if not report.fields:
        lines.append("  nothing")
    if report.problem:
        lines.append(f"  stopped: {report.problem}; run it again to go on")
    return lines


def _count(n: int, noun: str) -> str:
    return f"{n:,} {noun}{'' if n == 1 else 's'}"
