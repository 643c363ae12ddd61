"""How an installation reads messages: by the rules, and beside them with what it learnt and by a language model."""

from __future__ import annotations

import logging
import time
from pathlib import Path

from assistant.asking import PAUSE_S, Asker
from assistant.errors import LabelledRequestsError, NoModelError
from assistant.ports import TextModel, Understanding
from assistant.reports import ReadingReport
from assistant.settings import LlmSettings
from assistant.understanding.by_model import ModelUnderstanding
from assistant.understanding.labelled import others, read_labelled, read_names
from assistant.understanding.learned import LearnedUnderstanding
from assistant.understanding.rules import RulesUnderstanding
from assistant.understanding.tagging import Tagger, TaggerError, WordReader
from recsys.catalogue import Catalogue
from recsys.encoders.text import TextEncoder, WordEncoder
from recsys.types import Progress

_LOG = logging.getLogger(__name__)
#: Of the data folder: where the tagger is.
FOLDER = "understanding"


def open_understanding(
    home: Path, catalogue: Catalogue, encoder: TextEncoder, asker: Asker | None = None
) -> Understanding:
    """Open the rules, with the tagger of the data folder where it has one that can be used, and a language model."""
    rules = RulesUnderstanding(catalogue)
    learned = _with_tagger(home, rules, encoder)
    return learned if asker is None else ModelUnderstanding(learned, rules, asker)


def open_asker(settings: LlmSettings, *, pauses: bool = True) -> Asker | None:
    """Make the language model of the settings ready to be asked; None where they name none.

    Args:
        settings: which model, and how long it may take.
        pauses: whether it is left alone for a while after failures in a row, so that no turn waits for a dead server.
    """
    if settings.model is None:
        return None

    def opened() -> TextModel:
        from assistant.llm import open_model

        model = open_model(settings, max_retries=0)  # the turn does not wait for a second chance
        if model is None:
            raise NoModelError
        return model

    pause_s = PAUSE_S if pauses else 0.0
    return Asker(opened, timeout_s=settings.timeout_s, pause_s=pause_s)


def _with_tagger(home: Path, rules: RulesUnderstanding, encoder: TextEncoder) -> Understanding:
    if not isinstance(encoder, WordEncoder):
        return rules
    try:
        tagger = Tagger.load(home / FOLDER, encoder.name)
    except TaggerError as error:
        _LOG.warning("requests are read by the rules alone: %s", error)
        return rules
    return rules if tagger is None else LearnedUnderstanding(rules, tagger, WordReader(encoder))


def learn_to_read(
    home: Path,
    requests: Path,
    encoder: TextEncoder,
    *,
    names: Path | None = None,
    seed: int,
    threads: int,
    progress: Progress | None = None,
) -> ReadingReport:
    """Fit a tagger to a file of labelled requests, and of others whose names are labelled; keep it in the data folder.

    Raises:
        LabelledRequestsError: a file is missing or malformed, or the text encoder has no states of words.
    """
    import torch

    from assistant.understanding.tagger_training import train_tagger

    started = time.perf_counter()
    labelled = read_labelled(requests)
    if names is not None:
        labelled += others(read_names(names), labelled)
    if not isinstance(encoder, WordEncoder):
        raise LabelledRequestsError(f"the text encoder {encoder.name} has no states of words to learn from")
    torch.set_num_threads(threads)
    tagger = train_tagger(labelled, WordReader(encoder), seed=seed, progress=progress)
    tagger.save(home / FOLDER)
    return ReadingReport(n_requests=len(labelled), facets=tagger.facets, seconds=time.perf_counter() - started)
