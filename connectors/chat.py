"""The terminal chat: a line is a message, a line that begins with "/" a command."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from uuid import uuid4

from rich.console import Console
from rich.table import Table
from rich.text import Text

from assistant.radio_start import RadioStart
from assistant.reply import Message, Reply, SlateTrack, with_reasons
from connectors.console import show_block, show_links, show_reply, show_reworded, show_why
from connectors.errors import CommandError
from connectors.group import say_error
from connectors.playlists import free_path, write_playlist

if TYPE_CHECKING:
    from assistant.app import Assistant

PROMPT = "› "
#: For so long a track rests where no days are given.
_USUAL_REST_DAYS = 30
#: Of the last tracks, how many a radio goes on from at most.
_MOST_LAST = 20
_WELCOME = "Ask for music in your own words, then refine it. /help lists the commands, /quit leaves."


def chat(assistant: Assistant, listener_id: str, console: Console) -> bool:
    """Talk until the input ends or the listener quits; tell whether everything asked for was done.

    On a terminal there is a prompt, and a mistake is only shown. Piped input is read line by line and echoed, and
    a mistake makes the result False.
    """
    interactive = sys.stdin.isatty() and sys.stdout.isatty()
    talk = _Chat(assistant, listener_id, console)
    if interactive:
        console.print(Text(_WELCOME, style="dim"))
    for line in _typed() if interactive else sys.stdin:
        text = line.strip()
        if not text:
            continue
        if not interactive:
            console.print(Text(f"{PROMPT}{text}"), soft_wrap=True)
        try:
            if not talk.take(text):
                break
        except BrokenPipeError:
            raise
        except Exception as error:  # one thing that went wrong must not end the talk
            talk.failed = True
            sys.stdout.flush()
            say_error(error)
        console.print()
    return interactive or not talk.failed


def _typed() -> Iterator[str]:
    """Yield what is typed until end of file, with line editing where the platform has it."""
    with suppress(ImportError):
        import readline  # noqa: F401 (input() edits lines and recalls earlier ones once it is imported)
    while True:
        try:
            yield input(PROMPT)
        except EOFError:
            print()
            return


class _Chat:
    """One conversation: the session, the slate on screen, and what each command does to them."""

    def __init__(self, assistant: Assistant, listener_id: str, console: Console) -> None:
        self._assistant, self._listener_id, self._console = assistant, listener_id, console
        self._session_id = uuid4().hex
        self._reply: Reply | None = None
        self._incognito = False
        self.failed = False
        self._commands: dict[str, tuple[str, str, Callable[[str], None]]] = {
            "like": ("N …", "more like these in future playlists: /like 3, /like 1 4-6", self._like),
            "dislike": ("N …", "never these again", self._dislike),
            "unrate": ("N …", "take a like or dislike back", self._unrate),
            "why": ("N", "everything known about why a track is there", self._why),
            "drop": ("N", "drop a wish by its number in the receipt", partial(self._chip, "/drop")),
            "must": ("N", "insist on a wish", partial(self._chip, "/must")),
            "prefer": ("N", "make a wish a preference", partial(self._chip, "/prefer")),
            "more": ("[N]", "keep going: the next ten tracks, or so many", self._more),
            "radio": ("[FROM]", "music that goes on, from: 3, artist 3, last 3, list, or a name", self._radio),
            "skip": ("N …", "not these now: what comes next turns away from them", self._skip),
            "undo": ("", "back to the playlist before", partial(self._step, "undo")),
            "redo": ("", "and forward again", partial(self._step, "redo")),
            "rest": ("N [DAYS]", "not this one again for 30 days, or so many", self._rest),
            "never": ("N …", "never these again, whatever I ask for", self._never),
            "taste": ("", "what Segue has learnt of you, and from what", self._taste),
            "incognito": ("", "keep nothing of what follows, until /incognito again", self._hide),
            "links": ("", "the address of every track", self._links),
            "save": ("FILE", "write the playlist: .m3u8, .xspf, .jspf, .csv, .json or .txt", self._save),
            "notme": ("", "this session was somebody else's: leave it out of my taste", self._not_me),
            "wasme": ("", "it was me after all", self._was_me),
            "new": ("", "forget what was asked and begin anew", self._new),
            "help": ("", "this list", self._help),
            "quit": ("", "leave (or Ctrl-D)", self._help),
        }

    def take(self, text: str) -> bool:
        """Follow one line; tell whether to go on."""
        if not text.startswith("/"):
            self._ask(text)
            return True
        name, _, rest = text[1:].partition(" ")
        name = name.lower()
        if name in ("quit", "exit", "q"):
            return False
        if name not in self._commands:
            raise CommandError(f"/{name}", f"the commands are {', '.join(f'/{c}' for c in self._commands)}")
        self._commands[name][2](rest.strip())
        return True

    def _ask(self, text: str) -> None:
        self._send(self._message(text=text))

    def _message(
        self,
        text: str = "",
        step: Literal["undo", "redo"] | None = None,
        radio: RadioStart | None = None,
        n_tracks: int | None = None,
    ) -> Message:
        return Message(
            listener_id=self._listener_id,
            session_id=self._session_id,
            text=text,
            step=step,
            radio=radio,
            n_tracks=n_tracks,
            incognito=self._incognito,
        )

    def _send(self, message: Message) -> None:
        reply = self._assistant.reply(message)
        self.failed |= reply.last_resort
        if self._is_on_screen(reply):
            show_block(self._console, Text(reply.text))
        else:
            show_reply(self._console, reply)
        if reply.tracks:
            self._reply = reply
        if reply.export is not None:
            self._write(reply, free_path(reply, reply.export))

        self._reword(reply)

    def _is_on_screen(self, reply: Reply) -> bool:
        """Tell whether a reply's playlist is the one shown last, as after a question."""
        return self._reply is not None and _shown(reply) == _shown(self._reply)

    def _reword(self, reply: Reply) -> None:
        """Show reasons in other words as a language model writes them; Ctrl-C is enough of it."""
        if not self._assistant.rewords or not reply.tracks:
            return
        worded: dict[str, str] = {}
        with suppress(KeyboardInterrupt), closing(self._assistant.reword(reply)) as sentences:
            for track_id, sentence in sentences:
                worded[track_id] = sentence
                show_reworded(self._console, reply, track_id, sentence, first=len(worded) == 1)
        self._reply = with_reasons(reply, worded)

    def _like(self, numbers: str) -> None:
        self._rate(numbers, "like", "♥ {track}")

    def _dislike(self, numbers: str) -> None:
        self._rate(numbers, "dislike", "✗ {track}: it will not be picked again")

    def _unrate(self, numbers: str) -> None:
        self._rate(numbers, "unrate", "○ {track}: neither liked nor disliked")

    def _skip(self, numbers: str) -> None:
        self._rate(numbers, "skip", "⇥ {track}: skipped; /more goes on away from it")

    def _more(self, number: str) -> None:
        self._slate("/more")
        if number and not re.fullmatch(r"[1-9]\d?", number):
            raise CommandError(f"/more {number}", "write how many tracks, 1 to 99, such as /more 5")
        self._send(self._message(radio=RadioStart(), n_tracks=int(number) if number else None))

    def _radio(self, operand: str) -> None:
        start = self._radio_start(operand)
        self._send(self._message(f"radio from {operand}") if start is None else self._message(radio=start))

    def _radio_start(self, operand: str) -> RadioStart | None:
        """Read where a radio is to begin; None for a name, which the assistant looks up."""
        if operand in ("", "list"):
            self._slate("/radio")
            return RadioStart(of="playlist" if operand else "session")
        if (last := re.fullmatch(r"last(?: (\d{1,2}))?", operand)) is not None:
            self._slate("/radio")
            n = int(last[1] or 3)
            if not 1 <= n <= _MOST_LAST:
                raise CommandError(f"/radio {operand}", f"write how many of the last, 1 to {_MOST_LAST}: /radio last 3")
            return RadioStart(of="last", n=n)
        if (numbered := re.fullmatch(r"(?:(track|artist) )?(\d{1,4})", operand)) is not None:
            (track,) = self._tracks(numbered[2], "/radio")
            if numbered[1] == "artist":
                return RadioStart.by_artist(track.main_artist)
            return RadioStart(of="track", key=track.track_id)
        return None

    def _rate(self, numbers: str, kind: str, words: str) -> None:
        for track in self._tracks(numbers, f"/{kind}"):
            self._assistant.feedback(
                self._listener_id, self._session_id, track.track_id, kind, incognito=self._incognito
            )
            self._console.print(Text(words.format(track=f"{track.title} – {track.artist}")))

    def _why(self, numbers: str) -> None:
        for track in self._tracks(numbers, "/why"):
            show_why(self._console, track)

    def _chip(self, command: str, number: str) -> None:
        self._slate(command)
        if not number:
            raise CommandError(command, f"write the number of a wish in the receipt, such as {command} 1")
        self._ask(f"{command} {number}")

    def _step(self, step: Literal["undo", "redo"], _: str) -> None:
        self._slate(f"/{step}")
        self._send(self._message(step=step))

    def _rest(self, operands: str) -> None:
        number, _, days = operands.partition(" ")
        if days.strip() and not re.fullmatch(r"\d{1,5}", days.strip()):
            raise CommandError(
                f"/rest {operands}", "write a number of days behind that of the track, such as /rest 3 14"
            )
        tracks = self._tracks(number, "/rest")
        n_days = int(days) if days.strip() else _USUAL_REST_DAYS
        for track in tracks:
            self._assistant.rest(self._listener_id, track.track_id, n_days)
            self._console.print(Text(f"– {track.title} – {track.artist}: not again for {n_days} days"))

    def _never(self, numbers: str) -> None:
        for track in self._tracks(numbers, "/never"):
            self._assistant.rest(self._listener_id, track.track_id, None)
            self._console.print(Text(f"– {track.title} – {track.artist}: never again"))

    def _taste(self, _: str) -> None:
        from connectors.taste_view import show_taste

        show_taste(self._console, self._assistant.taste(self._listener_id))

    def _hide(self, _: str) -> None:
        self._incognito = not self._incognito
        kept = "Incognito: nothing of what follows is kept"
        if not self._incognito:
            # What was asked incognito must not go on in what is stored.
            self._session_id, self._reply = uuid4().hex, None
            kept = "What follows is kept again, as a new conversation"
        self._console.print(Text(kept))

    def _links(self, _: str) -> None:
        show_links(self._console, self._slate("/links").tracks)

    def _save(self, name: str) -> None:
        reply = self._slate("/save")
        if not name:
            raise CommandError("/save", "name a file, such as /save rainy-sunday.m3u8")
        self._write(reply, Path(name.strip("\"'")).expanduser())

    def _write(self, reply: Reply, path: Path) -> None:
        write_playlist(reply, path)
        self._console.print(Text(f"Saved {len(reply.tracks)} tracks to {path}"), soft_wrap=True)

    def _not_me(self, _: str) -> None:
        self._slate("/notme")
        done = self._assistant.not_me(self._listener_id, self._session_id)
        self._console.print(
            Text(f"Nothing of this session counts for your taste ({done.n_events} likes and dislikes so far)")
        )

    def _was_me(self, _: str) -> None:
        done = self._assistant.not_me(self._listener_id, self._session_id, undo=True)
        self._console.print(
            Text(f"This session counts for your taste again ({done.n_events} likes and dislikes so far)")
        )

    def _new(self, _: str) -> None:
        self._session_id, self._reply = uuid4().hex, None
        self._console.print(Text("A new session. What would you like to hear?"))

    def _help(self, _: str) -> None:
        grid = Table.grid(padding=(0, 2))
        for name, (operand, words, _action) in self._commands.items():
            grid.add_row(Text(f"/{name} {operand}".strip()), Text(words))
        self._console.print(grid)
        self._console.print(Text('Anything else is a request: "something mellow for a rainy sunday, 45 minutes".'))

    def _slate(self, command: str) -> Reply:
        if self._reply is None:
            raise CommandError(command, "there is no playlist yet; ask for music first")
        return self._reply

    def _tracks(self, numbers: str, command: str) -> list[SlateTrack]:
        """Read positions in the slate: "3", "1 4-6", "1, 2"."""
        tracks = self._slate(command).tracks
        received = f"{command} {numbers}".strip()
        positions: list[int] = []
        for part in re.split(r"[\s,]+", numbers):
            match = re.fullmatch(r"(\d{1,4})(?:-(\d{1,4}))?", part)
            if match is None:
                raise CommandError(received, f"write the number of a track, such as {command} 3")
            positions += range(int(match[1]), int(match[2] or match[1]) + 1)
        if not positions or not all(1 <= position <= len(tracks) for position in positions):
            raise CommandError(received, f"the playlist has tracks 1 to {len(tracks)}")
        return [tracks[position - 1] for position in dict.fromkeys(positions)]


def _shown(reply: Reply) -> object:
    """What the terminal shows of a reply, but for its words."""
    return [(track.track_id, track.liked, track.pinned) for track in reply.tracks], reply.receipt
