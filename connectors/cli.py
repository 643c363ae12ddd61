"""The command line. Results go to stdout, progress and logs to stderr; heavy imports wait inside the commands."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from uuid import uuid4

import typer

from connectors.accounts import open_account
from connectors.annotating import annotate_app
from connectors.curate import curate
from connectors.discord_command import discord
from connectors.embeddings import embeddings_app
from connectors.encoders import encoders_app
from connectors.enriching import enrich
from connectors.exporting import export
from connectors.group import SegueGroup
from connectors.history import history_app
from connectors.library import draw_by_sound, stats
from connectors.live_checks import LIVE, Live
from connectors.opening import example as _example
from connectors.opening import open_assistant as _open
from connectors.opening import read_settings as _settings
from connectors.opening import ready_assistant as _ready
from connectors.options import (
    Approve,
    Batch,
    Discovery,
    Fame,
    HowMuchMe,
    Minutes,
    NTracks,
    Output,
    RecipeFile,
    SaveRecipe,
    Seed,
)
from connectors.personal import add_personal
from connectors.run_serving import serve
from connectors.sending import Name, Public, To, login, send
from connectors.training import train
from connectors.whose import not_me

#: Said beside a ranking without any track.
_NOTHING = "No track meets all that was demanded, and here nothing gives way; ask for less"


app = typer.Typer(
    name="segue",
    cls=SegueGroup,
    help="Ask for music in your own words and get a playlist from the catalogue you own.",
    epilog=_example('playlist "something mellow for a rainy sunday, 45 min" -o rainy.m3u8'),
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # plain help takes half the time of boxed help
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


app.add_typer(annotate_app, name="annotate")
app.add_typer(embeddings_app, name="embeddings")
app.add_typer(encoders_app, name="encoders")
app.add_typer(history_app, name="history")
app.command(epilog=_example("curate party.m3u8 --no-duplicates --extend 10 --arc peak -o better.m3u8"))(curate)
app.command("not-me", epilog=_example("not-me --listener ann"))(not_me)
add_personal(app)


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"segue {version('segue')}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


@app.command(epilog=_example("web --port 8000"))
def web(
    host: Annotated[str | None, typer.Option(help="Address to listen on (default: SEGUE_WEB_HOST)")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port; 0 takes a free one (default: SEGUE_WEB_PORT)")
    ] = None,
    add_user: Annotated[
        str | None, typer.Option("--add-user", metavar="NAME", help="Add a user who may log in, and do no more.")
    ] = None,
    remove_user: Annotated[
        str | None, typer.Option("--remove-user", metavar="NAME", help="Let a user log in no longer, and do no more.")
    ] = None,
) -> None:
    """Open the web chat.

    The playlist is a table with like, dislike and download. To listen on other addresses, it needs a login.
    """
    settings = _settings()
    if add_user is not None:
        from connectors.web_users import add_user as add

        password = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
        typer.echo(f"Added {add_user} to {add(settings, add_user, password)}; whoever opens the page now has to log in")
        return
    if remove_user is not None:
        from connectors.web_users import remove_user as remove

        typer.echo(f"Removed {remove_user} from {remove(settings, remove_user)}; their taste and conversations stay")
        return
    from connectors.web import serve

    with _open(settings) as assistant:
        serve(assistant, settings.web_host if host is None else host, settings.web_port if port is None else port)


app.command(epilog=_example("serve --port 8000"))(serve)
app.command(epilog=_example("discord --check"))(discord)


@app.command(epilog=_example("chat"))
def chat(
    listener: Annotated[str | None, typer.Option(help="Whose taste to use (default: SEGUE_LISTENER)")] = None,
) -> None:
    """Chat in the terminal.

    Ask, refine, /like, /why, /save; piped lines are answered one by one.
    """
    settings = _settings()
    with _ready(settings) as assistant:
        from connectors.chat import chat as talk
        from connectors.console import open_console

        if not talk(assistant, settings.listener if listener is None else listener, open_console()):
            raise typer.Exit(1)


@app.command(epilog=_example('playlist "mellow 90s shoegaze" -n 20 --fame -0.5 --seed 7 -o list.m3u8'))
def playlist(
    request: Annotated[
        list[str] | None, typer.Argument(metavar="REQUEST", help="What you would like to hear, in your own words.")
    ] = None,
    n_tracks: NTracks = None,
    minutes: Minutes = None,
    seed: Seed = None,
    discovery: Discovery = None,
    fame: Fame = None,
    how_much_me: HowMuchMe = None,
    output: Output = None,
    recipe: RecipeFile = None,
    approve: Approve = None,
    save_recipe: SaveRecipe = None,
    batch: Batch = None,
    to: To = None,
    name: Name = None,
    public: Public = False,
    listener: Annotated[str | None, typer.Option(help="Whose taste to use (default: SEGUE_LISTENER)")] = None,
) -> None:
    """Make one playlist, as a table, as files or in an account; by a recipe, anew; or many.

    A recipe keeps what is wanted; --recipe makes it anew, says what changed, and keeps what you approved of it.
    """
    from assistant.reply import Message
    from connectors.errors import NoPlaylistError
    from connectors.playlists import check_destination, write_playlist

    if recipe is not None or save_recipe is not None or batch is not None or approve is not None:
        from connectors.recipe_command import by_recipe

        if to is not None:
            raise typer.BadParameter("goes with a REQUEST alone; write a recipe's playlist with -o", param_hint="--to")
        dials = {"discovery": discovery, "fame": fame, "how_much_me": how_much_me}
        sizes = {"n_tracks": n_tracks, "minutes": minutes, "seed": seed}
        by_recipe(
            " ".join(request or ()),
            {name: said for name, said in (dials | sizes).items() if said is not None},
            recipe=recipe,
            approved=approve,
            save_to=save_recipe,
            batch=batch,
            output=output,
            listener=listener,
        )
        return
    if not request:
        raise typer.BadParameter("say what you would like to hear, or give --recipe FILE", param_hint="REQUEST")
    files = [path for path in output or () if str(path) != "-"]
    for path in files:
        check_destination(path)
    settings = _settings()
    account = None if to is None else open_account(to, settings)
    with _ready(settings) as assistant:
        reply = assistant.reply(
            Message(
                listener_id=settings.listener if listener is None else listener,
                session_id=uuid4().hex,
                text=" ".join(request),
                n_tracks=n_tracks,
                minutes=minutes,
                seed=seed,
                discovery=discovery,
                fame=fame,
                how_much_me=how_much_me,
            )
        )
    if reply.last_resort or not reply.tracks:
        raise NoPlaylistError(reply.text)
    for path in files:
        write_playlist(reply, path)
    if not output or len(files) < len(output):
        from connectors.console import open_console, show_reply

        show_reply(open_console(), reply)
    else:
        typer.echo(reply.text, err=True)
    for path in files:
        typer.echo(f"Wrote {len(reply.tracks)} tracks, {reply.total}, to {path} (seed {reply.seed})", err=True)
    if account is not None and not send(account, reply, name, public=public):
        raise typer.Exit(1)


@app.command(epilog=_example('compare "partying like crazy" --listener ann --listener bob'))
def compare(
    requests: Annotated[
        list[str], typer.Argument(metavar="REQUEST [REQUEST]", help="One request for two listeners, or two for one.")
    ],
    listeners: Annotated[
        list[str] | None,
        typer.Option("--listener", help="Whose taste to use; give it twice (default: SEGUE_LISTENER)."),
    ] = None,
    n_tracks: Annotated[int, typer.Option("-n", "--tracks", min=1, max=200, help="Tracks in each list.")] = 20,
    json_file: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write the numbers there.")] = None,
) -> None:
    """Put side by side what two listeners get, or two requests.

    Ranked from the whole catalogue, with overlap and distance as numbers.
    """
    from connectors.comparison import show_comparison
    from connectors.console import open_console
    from connectors.playlists.base import check_place, write_whole

    if json_file is not None:
        check_place(json_file)
    settings = _settings()
    with _ready(settings) as assistant:
        report = assistant.compare(requests, listeners or [settings.listener], n_tracks)
    show_comparison(open_console(), report)
    if not all(side.tracks for side in report.lists):
        typer.echo(_NOTHING, err=True)
    if json_file is not None:
        write_whole(json_file, report.model_dump_json(indent=2) + "\n")


@app.command(name="map", epilog=_example('map -o map.html --query "partying like crazy" --listener ann --listener bob'))
def draw(
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="HTML file to write.")],
    query: Annotated[str, typer.Option("--query", metavar="REQUEST", help="What all of them ask for.")] = "",
    listeners: Annotated[
        list[str] | None,
        typer.Option("--listener", help="Whose taste to draw; give it once for each (default: SEGUE_LISTENER)."),
    ] = None,
    n_tracks: Annotated[int, typer.Option("-n", "--tracks", min=1, max=50, help="Picks of each listener.")] = 8,
    library: Annotated[
        bool, typer.Option("--library", help="Instead, draw all tracks by how they sound, coloured by genre.")
    ] = False,
    by: Annotated[str, typer.Option("--by", metavar="SPACE", help="With --library: the space to place them by.")] = "",
) -> None:
    """Draw the joint space as a web page.

    Tracks, listeners, and where one request takes each of them; needs no network.
    """
    if library == bool(query):
        raise typer.BadParameter("give either --query REQUEST or --library")
    from connectors.map import draw_map
    from connectors.playlists.base import check_place, write_whole

    check_place(output)
    if library:
        draw_by_sound(output, by)
        return
    settings = _settings()
    with _ready(settings) as assistant:
        report = assistant.map_data(query, listeners or [settings.listener], n_tracks)
    write_whole(output, draw_map(report))
    if not any(listener.picks for listener in report.listeners):
        typer.echo(_NOTHING, err=True)
    typer.echo(f"Wrote {len(report.tracks):,} tracks to {output}; open it in a browser", err=True)


@app.command(epilog=_example("index songs.csv --name mine --map title=track_name,artist=singer"))
def index(
    path: Annotated[
        Path | None,
        typer.Argument(
            metavar="PATH",
            help="Catalogue file: CSV, TSV, JSONL or Parquet; a folder of music; or a folder of JAM files. Without it, "
            "index again what is stored.",
        ),
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="What to call this source (default: its name so far, else the file's)")
    ] = None,
    mapping: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="FIELD=COLUMN,…", help="Columns that the headers do not give away."),
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Drop the other sources.")] = False,
    with_starter: Annotated[
        bool, typer.Option("--with-starter", help="Serve the starter catalogue beside other sources.")
    ] = False,
    listen: Annotated[bool, typer.Option("--listen/--no-listen", help="Hear files that were not heard yet.")] = True,
) -> None:
    """Add a catalogue or refresh it.

    Its tracks are stored, encoded, trained on where needed, and served from then on. Of a folder of music, such as
    ~/Music, every audio file is a track; run it again after changes, and only what is new or changed is read.
    """
    columns = _mapping(mapping or [])
    if path is None and (name is not None or columns or replace):
        raise typer.BadParameter("--name, --map and --replace go with the PATH of a catalogue")
    from connectors.console import open_console
    from connectors.index_view import show_index_report
    from connectors.progress import JobProgress

    with _open(_settings()) as assistant:
        with JobProgress() as progress:
            report = assistant.index(path, name, columns or None, replace, with_starter, progress, listen)
        show_index_report(open_console(), report)
    if not report.n_tracks or (report.source is not None and not report.source.n_tracks):
        raise typer.Exit(1)


app.command(epilog=_example("stats -o library.html"))(stats)
app.command(epilog=_example("enrich --from artists,facts --dry-run"))(enrich)
app.command(epilog=_example("login spotify"))(login)
app.command(epilog=_example("train --seed 64 --steps 800"))(train)
app.command(epilog=_example("export --format jam my-requests && segue eval jam --data my-requests"))(export)


@app.command(epilog=_example("status --json | jq .index"))
def status(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """Show what is indexed, trained and stored, where, and how big."""
    with _open(_settings()) as assistant:
        report = assistant.status()
    if as_json:
        typer.echo(report.model_dump_json(indent=2))
        return
    from connectors.console import open_console, show_status

    show_status(open_console(), report)


@app.command(epilog=_example("doctor || echo 'something is wrong'"))
def doctor(
    live: Annotated[
        Live | None,
        typer.Option(
            "--live",
            help="Try your language model on fixed requests and slates instead, or an account with a playlist.",
        ),
    ] = None,
) -> None:
    """Check the installation and say how to fix it.

    Ends with status 1 if a check fails, or with --live if what was tried does not work.
    """
    from connectors.console import open_console, show_checks

    if live is not None:
        if not LIVE[live](_settings()):
            raise typer.Exit(1)
        return
    with _open(_settings()) as assistant:
        checks = assistant.doctor()
    show_checks(open_console(), checks)
    if any(not check.ok and not check.optional for check in checks):
        raise typer.Exit(1)


def _mapping(given: list[str]) -> dict[str, str]:
    """Read `--map title=track_name,artist=name` into field → column."""
    mapping: dict[str, str] = {}
    for pair in (pair.strip() for part in given for pair in part.split(",")):
        field, separator, column = (piece.strip() for piece in pair.partition("="))
        if not field or not separator or not column:
            raise typer.BadParameter(f"{pair!r} is not FIELD=COLUMN, such as title=track_name", param_hint="--map")
        mapping[field] = column
    return mapping
