"""`segue doctor`: is everything there that Segue needs, and what to do where it is not."""

from __future__ import annotations

import json
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import datetime
from importlib import metadata
from pathlib import Path

from assistant.indexing import chroma_server
from assistant.inspection import index_kind, shown_url
from assistant.labels import plain
from assistant.reports import Check
from assistant.settings import Settings

#: Oldest Python that Segue runs on; pyproject.toml says the same.
_PYTHON = (3, 11)
#: A first start writes the exported encoder and an index: about 300 MB; twice that lets a second index be built.
_NEEDED_MB = 600
#: Importing everything takes about 15 s on two cores.
_IMPORT_TIMEOUT_S = 300
#: What systems call the browser, the first that is there is used.
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
#: Distributions whose module is not their name with underscores.
_MODULES = {"discord.py": "discord", "pystemmer": "Stemmer", "scikit-learn": "sklearn"}
_IMPORT_ALL = """
import importlib, json, os, sys, warnings
warnings.simplefilter("ignore")
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
problems = {}
for name in sys.argv[1:]:
    try:
        importlib.import_module(name)
    except BaseException as error:
        problems[name] = f"{type(error).__name__}: {error}"
sys.stdout.write("\\n" + json.dumps(problems))
"""


def examine(settings: Settings, database_url: str) -> list[Check]:
    """Run every check; a check that itself fails is a check that is not ok."""
    checks: list[tuple[str, Callable[[], Check]]] = [
        ("python", _python),
        ("packages", _packages),
        ("data folder", lambda: _folder(settings.home)),
        ("disk space", lambda: _space(settings.home)),
        ("weights", lambda: _weights(settings)),
        ("text encoder", lambda: _encoder(settings)),
        ("database", lambda: _database(database_url)),
        ("histories", lambda: _histories(database_url)),
        ("index", lambda: _index(settings)),
        ("ranker", lambda: _ranker(settings.home)),
        ("appeal", lambda: _appeal(settings)),
        ("chromium", _chromium),
    ]
    return [_guarded(name, check) for name, check in checks]


def _guarded(name: str, check: Callable[[], Check]) -> Check:
    try:
        return check()
    except Exception as error:
        detail = plain(f"{type(error).__name__}: {error}")
        # Errors of ours end with what to do; those of others do not know.
        remedy = "see the message" if hasattr(error, "args") and ";" in str(error) else "reinstall segue"
        return Check(name=name, ok=False, detail=detail, remedy=remedy)


def _python() -> Check:
    detail = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
    wanted = ".".join(map(str, _PYTHON))
    return Check(
        name="python",
        ok=sys.version_info >= _PYTHON,
        detail=detail,
        remedy=f"install Python {wanted} or newer and make a virtual environment with it",
    )


def _packages() -> Check:
    """Every requirement is installed in a version that fits, and can be imported (in a process of its own)."""
    from packaging.requirements import Requirement

    problems: list[str] = []
    modules: list[str] = []
    versions: list[str] = []
    for line in metadata.requires("segue") or []:
        requirement = Requirement(line)
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        try:
            found = metadata.version(requirement.name)
        except metadata.PackageNotFoundError:
            problems.append(f"{requirement.name} is not installed")
            continue
        versions.append(f"{requirement.name} {found}")
        if not requirement.specifier.contains(found, prereleases=True):
            problems.append(f"{requirement.name} is {found}, expected {requirement.specifier}")
        modules.append(_MODULES.get(requirement.name, requirement.name.replace("-", "_")))
    done = subprocess.run(
        [sys.executable, "-c", _IMPORT_ALL, *modules],
        capture_output=True,
        text=True,
        timeout=_IMPORT_TIMEOUT_S,
        check=False,
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        problems.append(f"importing them ended with status {done.returncode}: {last}")
    else:
        failed: dict[str, str] = json.loads(done.stdout.splitlines()[-1])
        problems += [f"{name} cannot be imported ({reason})" for name, reason in failed.items()]
    return Check(
        name="packages",
        ok=not problems,
        detail=plain("; ".join(problems) if problems else f"{len(versions)} import: {', '.join(versions)}", 2_000),
        remedy="run `pip install --upgrade --force-reinstall segue` in this environment" if problems else "",
    )


def _folder(home: Path) -> Check:
    remedy = "set SEGUE_HOME to a folder that you may write to"
    try:
        home.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=home, prefix=".doctor-"):
            pass
    except OSError as error:
        return Check(name="data folder", ok=False, detail=plain(f"{home}: {error}"), remedy=remedy)
    return Check(name="data folder", ok=True, detail=f"{home} can be written")


def _space(home: Path) -> Check:
    place = home
    while not place.exists() and place != place.parent:
        place = place.parent
    free_mb = shutil.disk_usage(place).free // 2**20
    return Check(
        name="disk space",
        ok=free_mb >= _NEEDED_MB,
        detail=f"{free_mb:,} MB free, {_NEEDED_MB} MB needed",
        remedy=f"free {_NEEDED_MB} MB there, or set SEGUE_HOME to a roomier disk" if free_mb < _NEEDED_MB else "",
    )


def _weights(settings: Settings) -> Check:
    from recsys.encoders import minilm

    if settings.text_encoder.removeprefix("sentence-transformers/") != minilm.MiniLmEncoder.name:
        return Check(name="weights", ok=True, detail=f"{settings.text_encoder} is not pinned, nothing to compare")
    folder = minilm.installed_model()
    minilm.check_weights(folder)
    return Check(name="weights", ok=True, detail=f"sha256 {minilm.WEIGHTS_SHA256[:12]}… is the pinned one")


def _encoder(settings: Settings) -> Check:
    import numpy as np

    from recsys.encoders.text import open_text_encoder

    encoder = open_text_encoder(settings.text_encoder, settings.home / "cache" / "encoder", settings.threads)
    near, also, far = encoder.encode(["calm piano music", "quiet piano pieces", "aggressive death metal"])
    ok = bool(np.isfinite(near).all() and abs(float(near @ near) - 1) < 1e-3 and near @ also > near @ far)
    return Check(
        name="text encoder",
        ok=ok,
        detail=f"{encoder.name} gives vectors of {encoder.dim} numbers that " + ("make sense" if ok else "make none"),
        remedy="" if ok else f"delete {settings.home / 'cache' / 'encoder'} and run `segue doctor` again",
    )


def _database(url: str) -> Check:
    from recsys.store import Store

    store = Store.open(url)
    try:
        counts = store.counts()
    finally:
        store.close()
    stored = f"{counts['tracks']:,} tracks, {counts['events']:,} events, {counts['turns']:,} turns"
    return Check(name="database", ok=True, detail=f"{shown_url(url)} is up to date: {stored}")


def _histories(url: str) -> Check:
    """No track is left of histories that are forgotten: forgetting drops events first, and such tracks last."""
    from recsys.store import Store

    store = Store.open(url)
    try:
        n_left = len(store.history.orphans())
    finally:
        store.close()
    said = f"{n_left:,} tracks are" if n_left != 1 else "1 track is"
    return Check(
        name="histories",
        ok=not n_left,
        detail=f"{said} left that only a forgotten history named"
        if n_left
        else "nothing is left of what was forgotten",
        remedy="run `segue forget` again for whoever was forgotten last: it was stopped before its end"
        if n_left
        else "",
    )


def _index(settings: Settings) -> Check:
    from recsys import generations
    from recsys.encoders.text import open_text_encoder
    from recsys.pipeline import open_recommender
    from recsys.recommendation import Query
    from recsys.vocabulary import load_vocabulary

    if generations.current_key(settings.home) is None:
        return Check(name="index", ok=True, detail="nothing is indexed yet; the first playlist builds the starter")
    encoder = open_text_encoder(settings.text_encoder, settings.home / "cache" / "encoder", settings.threads)
    recommender, generation = open_recommender(
        settings.home,
        load_vocabulary(),
        encoder,
        index=settings.index,
        exact_limit=settings.exact_limit,
        half_life_days=settings.half_life_days,
        ranker=settings.ranker,
        server=chroma_server(settings),
    )
    found = recommender.recommend(Query("calm piano", size=5, seed=settings.seed))
    kind = index_kind(settings, len(recommender.catalogue))
    n_tracks = len(recommender.catalogue)
    return Check(
        name="index",
        ok=bool(found.picks),
        detail=f"generation {generation.key} answers from {n_tracks:,} tracks ({kind})",
        remedy="" if found.picks else "run `segue train`",
    )


def _ranker(home: Path) -> Check:
    from recsys.lambdarank import RankerError
    from recsys.own_ranker import RANKER_FOLDER, own_ranker
    from recsys.serving_conversations import shipped_ranker

    try:
        own = own_ranker(home)
    except RankerError as error:
        return Check(
            name="ranker",
            ok=False,
            detail=plain(f"the one learnt here is passed over: {error}", 2_000),
            remedy=f"run `segue train --ranker` again, or delete {home / RANKER_FOLDER}",
        )
    if own is not None:
        when = datetime.fromtimestamp(own.card["learnt_at"]).astimezone().strftime("%Y-%m-%d %H:%M")
        real, made = own.card["n_learnt"], own.card["n_walks"]
        detail = f"learnt here from {real:,} conversations and {made:,} made ones, {when}"
    elif (shipped := shipped_ranker()) is not None:
        detail = f"the one that comes with Segue, of {len(shipped.names)} features"
    else:
        detail = "none learnt; the ranks of the retrievers are fused"
    return Check(name="ranker", ok=True, detail=detail)


def _appeal(settings: Settings) -> Check:
    """Which heads are predicted, and what was learnt here that is not used."""
    import numpy as np

    from recsys import generations
    from recsys.appeal.own import FOLDER
    from recsys.appeal.predicting import predict, tables_of
    from recsys.catalogue import Catalogue

    if not settings.appeal:
        return Check(name="appeal", ok=True, detail="SEGUE_APPEAL is off, so that nothing predicted takes part")
    if generations.current_key(settings.home) is None:
        return Check(name="appeal", ok=True, detail="nothing is indexed yet, so that nothing is predicted")
    generation = generations.current(settings.home)
    catalogue = Catalogue.load(generation.folder / "catalogue")
    tables = tables_of(generation.folder, catalogue)
    made = predict(settings.home, catalogue, tables, generation.manifest["encoder"])
    told = ", ".join(f"{name} of {(~np.isnan(mean)).sum():,} tracks" for name, (mean, _) in made.heads.items())
    left_out = "".join(f"; left out: {why}" for why in made.left_out)
    return Check(
        name="appeal",
        ok=not made.left_out,
        detail=plain(f"predicted: {told or 'nothing'}{left_out}", 2_000),
        remedy=f"do what it says, or delete what is left out from {settings.home / FOLDER}" if made.left_out else "",
    )


def _chromium() -> Check:
    found = next(filter(None, map(shutil.which, CHROMIUM)), "")
    return Check(
        name="chromium",
        ok=True,
        detail=found or "not found; only the browser test needs it",
        optional=True,
    )
