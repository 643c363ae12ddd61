"""What can be heard of a track beside what its source states: tempo, key, levels, instruments, voices, moods.

`open_analysers` gives the analysers; those who decode (`recsys.audio`) call them with windows of a track, and store
what they return as annotations (`recsys.annotations`) under its source.
"""

from __future__ import annotations

from collections.abc import Sequence

from recsys.audio.base import Analyser

#: Changes whenever the same sound would be heard otherwise: what was heard before is then heard anew.
VERSION = 1


def open_analysers() -> Sequence[Analyser]:
    """Return all analysers; what is heavy is loaded when one is first asked."""
    from recsys.heard.analysers import SignalAnalyser, TagAnalyser

    return (SignalAnalyser(), TagAnalyser())
