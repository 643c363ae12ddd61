"""How long jobs show themselves on stderr: bars on a terminal, now and then a line elsewhere, both with an estimate."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, TextIO

from assistant.labels import NOTE

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

#: Seconds between two lines where there is no terminal; stages that end sooner get none, long ones fewer and fewer.
_LINE_EVERY_S, _LINE_AT_LEAST_EVERY_S = 5.0, 30.0


class JobProgress:
    """Show the stages of one job. Call it with (stage, done, total); total is 0 while it is not known.

    A job that reports nothing shows nothing. Use it as a context manager, so that the terminal is left in order.
    """

    def __init__(self, stream: TextIO | None = None, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Show on `stream`, stderr by default; `clock` tells seconds."""
        self._stream = stream or sys.stderr
        self._show: _Bars | _Lines = _Bars(self._stream) if self._stream.isatty() else _Lines(self._stream, clock)

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Tell that `done` of `total` units of a stage are done; how it stands may follow its name behind `NOTE`."""
        name, _, note = stage.partition(NOTE)
        self._show.update(name, note, done, total)

    def __enter__(self) -> JobProgress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._show.close(finished=error is None)


class _Bars:
    """One bar per stage."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._bars: Bars | None = None
        self._tasks: dict[str, TaskID] = {}
        self._now = ""

    def update(self, stage: str, note: str, done: int, total: int) -> None:
        bars = self._bars or self._open()
        if stage != self._now:
            self._complete()
            self._now = stage
        if stage not in self._tasks:
            self._tasks[stage] = bars.add_task(_capital(stage), total=None, amount="", note="")
        elif done < bars.tasks[self._tasks[stage]].completed:  # it counts from the start again
            bars.reset(self._tasks[stage])
        amount = f"{done:,}/{total:,}" if total else ""
        bars.update(self._tasks[stage], completed=done, total=total or None, amount=amount, note=note)

    def close(self, *, finished: bool) -> None:
        if self._bars is not None:
            if finished:
                self._complete()
            self._bars.stop()

    def _open(self) -> Bars:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
        from rich.progress import TimeRemainingColumn as Remaining

        self._bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            TextColumn("{task.fields[amount]}", justify="right"),
            TimeElapsedColumn(),
            TextColumn("left"),
            Remaining(),
            TextColumn("{task.fields[note]}"),
            console=Console(file=self._stream),
        )
        self._bars.start()
        return self._bars

    def _complete(self) -> None:
        """Fill the bar of a stage that has ended without saying how far it was."""
        if self._bars is not None and self._now:
            task = self._bars.tasks[self._tasks[self._now]]
            total = task.total if task.total is not None else max(task.completed, 1)
            amount = f"{total:,.0f}/{total:,.0f}" if task.fields["amount"] else ""
            self._bars.update(task.id, completed=total, total=total, amount=amount)


class _Lines:
    """A line when a stage begins to take long, then one every few seconds."""

    def __init__(self, stream: TextIO, clock: Callable[[], float]) -> None:
        self._stream, self._clock = stream, clock
        self._stage, self._done, self._began_s, self._said_s, self._spoke = "", 0, 0.0, 0.0, False

    def update(self, stage: str, note: str, done: int, total: int) -> None:
        now = self._clock()
        if stage != self._stage or done < self._done:  # a stage that counts from the start again is a new one
            self.close(finished=True)
            self._stage, self._began_s, self._said_s, self._spoke = stage, now, now, False
        self._done = done
        every_s = min(max(_LINE_EVERY_S, (now - self._began_s) / 4), _LINE_AT_LEAST_EVERY_S)
        if now - self._said_s < every_s:
            return
        self._said_s, self._spoke = now, True
        if done >= total > 0:
            return  # the stage is about to end, which gets a line of its own
        noted = f"; {note}" if note else ""
        if not total:
            amount = f"{done:,}, " if done else ""
            self._say(f"{amount}{_duration(now - self._began_s)} so far{noted}")
            return
        left = f", about {_duration((now - self._began_s) * (total - done) / done)} left" if done else ""
        self._say(f"{done:,} of {total:,} ({100 * done // total} %){left}{noted}")

    def close(self, *, finished: bool) -> None:
        if self._spoke and finished:
            self._say(f"done in {_duration(self._clock() - self._began_s)}")
        self._spoke = False

    def _say(self, words: str) -> None:
        print(f"{_capital(self._stage)}: {words}", file=self._stream, flush=True)


def _capital(stage: str) -> str:
    return stage[:1].upper() + stage[1:]


def _duration(seconds: float) -> str:
    """Write a length of time as "8 s", "1 min 20 s" or "1 h 5 min"."""
    whole = max(round(seconds), 1)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s" if whole % 60 else f"{whole // 60} min"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
