"""How replies and reports look in a terminal: the slate as a table, the receipt below it, reports as short lists."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from assistant.reply import ReceiptLine, Reply, SlateTrack

if TYPE_CHECKING:
    from assistant.following_status import FollowingStatus
    from assistant.reports import (
        AddedSpaceReport,
        Check,
        GainReport,
        SourceReport,
        SpaceReport,
        StatusReport,
        TrainReport,
        UsageReport,
    )

#: Columns from which a slate has a column for reasons; narrower ones put each reason under its track.
_WIDE = 130


def open_console(*, stderr: bool = False) -> Console:
    """Open stdout, or stderr, for text: plain where it is no terminal, never with words taken for markup."""
    return Console(stderr=stderr, highlight=False, markup=False, emoji=False)


def show_reply(console: Console, reply: Reply) -> None:
    """Show one turn: what Segue says, the slate, the receipt."""
    show_block(console, Text(reply.text))
    if reply.tracks:
        console.print()
        show_block(console, _slate(reply.tracks, console))
    if reply.receipt:
        console.print()
        show_block(console, _receipt(reply.receipt))
    if reply.tracks:
        if not _pressable(console):
            console.print()
            show_links(console, reply.tracks)
        console.print()
        show_block(console, Text(f"{reply.total} · seed {reply.seed} · index {reply.index}", style="dim"))


def show_reworded(console: Console, reply: Reply, track_id: str, sentence: str, *, first: bool) -> None:
    """Show a track's reason in other words, under a heading if it is the first."""
    if first:
        console.print(Text("\nIn other words:", style="dim"))
    number = next(track.position for track in reply.tracks if track.track_id == track_id)
    console.print(Text(f"{number:>3}  {sentence}"), soft_wrap=True)


def show_links(console: Console, tracks: Sequence[SlateTrack]) -> None:
    """Show the whole address of each track, one to a line."""
    for track in tracks:
        console.print(Text(f"{track.position:>3}  {track.link}"), soft_wrap=True)


def show_why(console: Console, track: SlateTrack) -> None:
    """Show everything that is known about why a track is in the slate."""
    console.print(Text.assemble((track.title, "bold"), f" – {track.artist}"))
    if track.reason:
        console.print(Text(track.reason))
    if track.query_share or track.user_share:
        console.print(Text(f"Your words {track.query_share:.0%}, your taste {track.user_share:.0%} of what lifts it."))
    if track.facets:
        console.print(Text(f"Known as: {', '.join(track.facets)}."))
    if track.album:
        console.print(Text(f"Album: {track.album}."))
    console.print(Text(track.link), soft_wrap=True)


def show_train_report(console: Console, report: TrainReport) -> None:
    """Show what training did, and whether what listeners taught is served."""
    own = report.own
    learnt = "" if own is None else f"{counted(own.n_learnt, 'own request')} of {counted(own.n_listeners, 'listener')}"
    loss = "" if report.loss is None else f", loss {report.loss:.3f}"
    lines = [f"Trained on {report.n_tracks:,} tracks: {report.steps:,} steps{loss}; {report.seconds:.1f} s"]
    if report.only:
        done = f"Fitted only {report.only} to" if report.trained else f"{report.only} was fitted already to"
        cost = f"{report.steps:,} steps on {counted(report.n_examples or 0, 'example')}{loss}"
        fitting = f", {report.fit_s:.1f} s of them fitting" if report.trained else ""
        lines = [
            f"{done} the model being served, which otherwise stays as it was",
            f"  cost: {cost}; {report.seconds:.1f} s{fitting}",
        ]
    for gain in report.gains:
        before = "before" if report.only else f"without {gain.space}"
        lines.append(f"  {_gain(gain, before)}")
    if own is not None and own.trial is None:
        lines = [f"The model being served has learnt from these {learnt} already; nothing has changed"]
    elif own is not None and own.trial is not None:
        trial = own.trial
        lines += [
            f"Learnt from {learnt}, tested on the {counted(own.n_held_out, 'later one')} held out",
            f"NDCG@10 over the whole catalogue: {trial.served:.3f} served so far, {trial.new:.3f} new; "
            f"difference {trial.difference:+.3f} [{trial.low:+.3f}, {trial.high:+.3f}] (95 %, paired)",
            "The new model serves"
            if own.deployed
            else "The model that served goes on: the new one is not surely better",
        ]
    for line in lines:
        console.print(Text(line), soft_wrap=True)


def show_added_space(console: Console, report: AddedSpaceReport) -> None:
    """Show what taking a space in came to, and what to do next."""
    space = report.space
    said = "" if report.changed else ", as it was"
    console.print(
        Text(f"{space.name}: {counted(space.n_rows, 'row')} of width {space.width:,} from {space.source}{said}")
    )
    zero = f"; {counted(report.n_zero, 'row')} of zeros" if report.n_zero else ""
    ids = f"{report.n_known:,} of {report.n_known + report.n_unknown:,} ids are {space.of} here"
    console.print(Text(f"  {ids}{zero}"))
    console.print(Text(f"  {_use(space)}"), soft_wrap=True)


def show_removed_space(console: Console, space: SpaceReport) -> None:
    """Show what was dropped, and what that changes."""
    console.print(Text(f"Removed {space.name}, {counted(space.n_rows, 'row')} of {space.of}"))
    if space.used or space.replaced:
        console.print(Text("  the model being served goes on with it; `segue index` makes one without it"))


def show_spaces(console: Console, spaces: Sequence[SpaceReport]) -> None:
    """Show the spaces that are stored."""
    if not spaces:
        console.print(Text("No spaces are stored; `segue embeddings add` brings one in"))
    for space in spaces:
        console.print(Text(_space(space)), soft_wrap=True)


def show_usage_report(console: Console, report: UsageReport) -> None:
    """Show what an export holds, and what to mind before it is handed on."""
    n_requests = sum(report.splits.values())
    whose = f"{counted(n_requests, 'request')} of {counted(report.n_listeners, 'listener')}"
    parts = ", ".join(f"{name} {n:,}" for name, n in report.splits.items())
    vectors = ", ".join(report.modalities)
    named = "by their ids" if report.with_ids else "by numbers (--with-ids names them)"
    lines = [
        f"Wrote {whose} to {report.folder}",
        f"  requests: {parts}, by time; {counted(report.n_answers, 'answer')}",
        f"  answered: {report.n_kept:,} by what was kept, {report.n_played:,} by ten minutes or more of listening",
        f"  tracks: all {report.n_tracks:,} of the catalogue, with their names and vectors ({vectors})",
        f"  history: {counted(report.n_plays, 'play count')} from outside these sessions",
        f"  listeners: {named}",
    ]
    words = "the listeners' own"
    if report.n_by_model is not None:
        words = f"{report.n_by_model:,} by the language model, {report.n_by_template:,} by template, from {words}"
    lines.append(f"  words: {words}; read them before you hand the folder on")
    if report.n_left_out:
        lines.append(f"  left out: {counted(report.n_left_out, 'request')} whose answers left the catalogue")
    for line in lines:
        console.print(Text(line), soft_wrap=True)


def show_status(console: Console, report: StatusReport) -> None:
    """Show what is indexed, trained and stored, where, and how big."""
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="bold", no_wrap=True)
    facts.add_column(overflow="fold")
    for name, value in _status_facts(report):
        facts.add_row(name, Text(value))
    show_block(console, facts)


def show_checks(console: Console, checks: Sequence[Check]) -> None:
    """Show what was checked, and how to put right what is not."""
    for check in checks:
        mark, style = ("✓", "green") if check.ok else ("–", "yellow") if check.optional else ("✗", "bold red")
        console.print(Text.assemble((mark, style), f" {check.name}: {check.detail}"), soft_wrap=True)
        if not check.ok and check.remedy:
            console.print(Text(f"    {check.remedy}"), soft_wrap=True)


def show_block(console: Console, block: Table | Text) -> None:
    """Print a block, without the spaces that end its lines where plain text is what is wanted."""
    if console.color_system is not None:
        console.print(block)
        return
    with console.capture() as captured:
        console.print(block)
    for line in captured.get().splitlines():
        console.print(Text(line.rstrip()), soft_wrap=True)


def _pressable(console: Console) -> bool:
    """Tell whether titles can be links: terminals that show colours know them, or ignore them."""
    return console.color_system is not None


def _slate(tracks: Sequence[SlateTrack], console: Console) -> Table:
    """Lay the slate out for the terminal's width."""
    wide, pressable = console.width >= _WIDE, _pressable(console)
    table = Table(box=None, padding=(0, 1), header_style="dim", pad_edge=False, expand=wide)
    table.add_column("#", justify="right", style="dim", no_wrap=True)
    table.add_column("Track", ratio=5 if wide else None, overflow="fold")
    table.add_column("Year", justify="right", no_wrap=True)
    table.add_column("Length", justify="right", no_wrap=True)
    if wide:
        table.add_column("Why", ratio=6, style="dim")
    partly_new = not all(track.new for track in tracks)
    for track in tracks:
        name = _name(track, pressable=pressable)
        if not wide and track.reason:
            name.append(f"\n{track.reason}", style="dim")
        year = str(track.year) if track.year else ""
        table.add_row(
            _position(track, partly_new=partly_new), name, year, _length(track), *([Text(track.reason)] if wide else [])
        )
    return table


def _position(track: SlateTrack, *, partly_new: bool) -> Text:
    """A track's number, "=" behind what is pinned and "+" behind what came with this turn, where others stayed."""
    mark = "=" if track.pinned else "+" if track.new and partly_new else ""
    return Text.assemble(str(track.position), (mark, "green"))


def _name(track: SlateTrack, *, pressable: bool) -> Text:
    name = Text(track.title, style=f"bold link {track.link}" if pressable else "bold")
    mark = {True: " ♥", False: " ✗", None: ""}[track.liked]
    return Text.assemble(name, f" – {track.artist}" if track.artist else "", (mark, "red"))


def _length(track: SlateTrack) -> str:
    if track.duration_s is None:
        return ""
    minutes, seconds = divmod(round(track.duration_s), 60)
    return f"{'≈' if track.duration_estimated else ''}{minutes}:{seconds:02}"


def _receipt(lines: Sequence[ReceiptLine]) -> Table:
    table = Table(box=None, padding=(0, 1), header_style="dim", pad_edge=False)
    table.add_column("", no_wrap=True)
    table.add_column("", justify="right", no_wrap=True)
    table.add_column("Wish")
    table.add_column("Asked")
    table.add_column("Delivered")
    for number, line in enumerate(lines, start=1):
        mark, style = ("~", "yellow") if line.relaxed else ("✓", "green") if _kept(line) else ("·", "dim")
        delivered = f"{line.delivered}, relaxed" if line.relaxed else line.delivered
        chip = Text(str(number) if line.chip else "", style="dim")
        table.add_row(Text(mark, style=style), chip, Text(line.constraint), Text(line.asked), Text(delivered))
    return table


def _kept(line: ReceiptLine) -> bool:
    """Tell whether a wish was delivered in full: unknown is not, and a preference without a count is not said to be."""
    return line.n_met == line.n_total if line.n_total else line.hard and not line.unknown


def _following(model: FollowingStatus | None) -> str:
    """Say which model of what comes next is on, what it learnt from, and what it gains."""
    if model is None:
        return "no model is on; `segue train --sequential` learns one where it is better than counting"
    whose = f" of {counted(model.n_listeners, 'listener')}" if model.n_listeners else ""
    return (
        f"{model.model}, learnt from {model.n_sequences:,} {model.source}{whose}, {_when(model.trained_at)}; "
        f"NDCG@10 {model.ndcg:.3f}, {model.baseline} {model.baseline_ndcg:.3f}, "
        f"difference [{model.gain_low:.3f}, {model.gain_high:.3f}]"
    )


def _status_facts(report: StatusReport) -> list[tuple[str, str]]:
    facts = [("Data folder", f"{report.home} ({_size(sum(report.sizes_bytes.values()))})")]
    facts += [("", f"{name}: {_size(size)}") for name, size in report.sizes_bytes.items() if size]
    facts += [("Database", report.database)]
    sources = [_source(source) for source in report.sources] or ["none: the starter catalogue serves"]
    facts += [("Sources" if not n else "", source) for n, source in enumerate(sources)]
    if report.index is None:
        facts.append(("Index", "nothing yet: the first playlist builds the starter; `segue index PATH` adds your own"))
    else:
        index = report.index
        facts.append(
            ("Index", f"{index.kind}, {index.n_tracks:,} tracks, built {_when(index.built_at)}, {index.generation}")
        )
    if report.model is not None:
        model = report.model
        loss = "" if model.loss is None else f", loss {model.loss:.3f}"
        own = f" and {counted(model.n_own, 'own request')}" if model.n_own else ""
        facts.append(
            (
                "Model",
                f"{model.mixer} mixing, width {model.dim}, {model.steps:,} steps{loss}, {_when(model.trained_at)}, "
                f"on {model.learned_from or 'synthetic listeners'}{own}"
                f"{', with ' if model.spaces else ''}{', '.join(model.spaces)}",
            )
        )
    facts.append(("What comes next", _following(report.following)))
    facts += [("Spaces" if not n else "", _space(space)) for n, space in enumerate(report.spaces)]
    facts.append(("Encoder", report.encoder))
    facts.append(
        (
            "Stored",
            f"{counted(report.n_tracks, 'track')}, {counted(report.n_listeners, 'listener')}, "
            f"{counted(report.n_events, 'event')}, {counted(report.n_sessions, 'session')}, "
            f"{counted(report.n_turns, 'turn')}",
        )
    )
    return facts


def _source(source: SourceReport) -> str:
    playlists = f", {counted(source.n_playlists, 'playlist')}" if source.n_playlists else ""
    origin = f"{source.kind}, {source.path}" if source.path else "shipped"
    return f"{source.name}: {source.n_tracks:,} tracks{playlists} ({origin}, {_when(source.added_at)})"


def _space(space: SpaceReport) -> str:
    rows = f"{counted(space.n_rows, 'row')} of {space.of}, width {space.width:,}"
    return f"{space.name}: {rows} ({space.source}, {_when(space.added_at)}); {_use(space)}"


def _use(space: SpaceReport) -> str:
    if space.used:
        return "used by the model being served"
    return f"{'replaced since' if space.replaced else 'not used by'} the model being served: {space.remedy}"


def _gain(gain: GainReport, before: str) -> str:
    """Say what a space adds to the recall of held-out answers."""
    recalls = f"{gain.without:.3f} {before}, {gain.recall:.3f} with {gain.space}"
    interval = f"95 % interval of the difference {gain.low:+.3f} to {gain.high:+.3f}"
    asked = f"{counted(gain.n, 'request')} of {gain.held_out}"
    return f"held-out recall@{gain.depth}: {recalls} ({interval}; {asked})"


def counted(n: int, noun: str) -> str:
    """Say how many there are of something."""
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def _size(n_bytes: int) -> str:
    size, unit = float(n_bytes), "B"
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000 or unit == "GB":
            break
        size /= 1000
    return f"{size:.0f} {unit}" if unit == "B" or size >= 10 else f"{size:.1f} {unit}"


def _when(at: float) -> str:
    return datetime.fromtimestamp(at).astimezone().strftime("%Y-%m-%d %H:%M")
