"""The command line from outside: help, errors and exit statuses of every command, and what it imports."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import closing, nullcontext
from pathlib import Path

import pytest
from typer.testing import CliRunner

from assistant.app import Assistant
from assistant.errors import NothingToExportError
from assistant.reply import Message, Reply
from assistant.reports import RankerReport, TrialReport
from connectors import cli
from connectors.cli import app
from evals.main import main
from recsys.store import Store
from recsys.types import Event, EventKind

COMMANDS = (
    "web",
    "serve",
    "discord",
    "chat",
    "playlist",
    "curate",
    "compare",
    "map",
    "not-me",
    "index",
    "enrich",
    "train",
    "login",
    "export",
    "status",
    "doctor",
)
PERSONAL = ("taste", "mydata", "forget", "link", "unlink")
OF_EMBEDDINGS = ("embeddings add", "embeddings list", "embeddings remove")
HEAVY = ("torch", "polars", "chromadb", "gradio", "discord", "sqlalchemy", "numpy", "plotly", "pydantic_settings")
SEGUE = "from evals.main import main; main()"


def run(*arguments: str, stdin: str | None = None) -> tuple[int, str, str]:
    """Run one command line in this process: (exit status, stdout, stderr)."""
    result = CliRunner().invoke(app, list(arguments), input=stdin, prog_name="segue")
    return result.exit_code, result.stdout, result.stderr


def failing(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> tuple[int, str, str]:
    """Run `segue status` where reading the settings raises an error."""

    def broken() -> None:
        raise error

    monkeypatch.setattr(cli, "_settings", broken)
    return run("status")


@pytest.mark.parametrize("command", [*COMMANDS, *PERSONAL, "embeddings", *OF_EMBEDDINGS])
def test_every_command_helps_with_an_example(command: str) -> None:
    status, out, err = run(*command.split(), "--help")
    assert (status, err) == (0, "")
    assert f"Usage: segue {command}" in out
    assert f"  Example:\n    segue {command}" in out


def test_help_lists_the_commands_and_version_prints_it() -> None:
    status, out, _ = run("--help")
    assert status == 0
    assert all(f" {command} " in out for command in (*COMMANDS, *PERSONAL, "embeddings"))
    status, out, _ = run("--version")
    assert status == 0
    assert out.startswith("segue 0")


@pytest.mark.parametrize("line", [(), ("embeddings",)])
def test_a_group_without_a_command_shows_its_help(line: tuple[str, ...]) -> None:
    status, out, err = run(*line)
    assert (status, out) == (2, "")
    assert " ".join(["Usage: segue", *line]) in err
    assert "Commands:" in err


def test_help_imports_nothing_heavy() -> None:
    code = f"""
import sys
sys.argv = ["segue", "--help"]
try:
    {SEGUE}
finally:
    heavy = [name for name in {HEAVY!r} if name in sys.modules]
    ours = [name for name in sys.modules if name.startswith(("recsys", "evals.")) and name != "evals.main"]
    print(heavy, ours, file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert done.stderr == "[] []\n"
    assert " eval " in done.stdout
    assert " bench " in done.stdout


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (["playlst"], "no such command 'playlst'. Did you mean 'playlist'?; see `segue --help`"),
        (
            ["playlist"],
            "invalid value for REQUEST: say what you would like to hear, or give --recipe FILE; "
            "see `segue playlist --help`",
        ),
        (["playlist", "x", "--zzz"], "no such option: --zzz; see `segue playlist --help`"),
        (["playlist", "x", "-n", "0"], "invalid value for '-n' / '--tracks'"),
        (["playlist", "x", "-n", "many"], "invalid value for '-n' / '--tracks'"),
        (["playlist", "x", "--minutes", "0"], "invalid value for '--minutes'"),
        (["playlist", "x", "--seed", "-1"], "invalid value for '--seed'"),
        (["playlist", "x", "--discovery", "1.1"], "invalid value for '--discovery'"),
        (["playlist", "x", "--discovery", "nan"], "invalid value for '--discovery'"),
        (["playlist", "x", "--fame", "-2"], "invalid value for '--fame'"),
        (["playlist", "x", "--how-much-me", "-0.1"], "invalid value for '--how-much-me'"),
        (["playlist", "x", "--how-much-me", "3.5"], "invalid value for '--how-much-me'"),
        (["index", "x.csv", "--map", "title"], "invalid value for --map: 'title' is not FIELD=COLUMN"),
        (["index", "--name", "mine"], "invalid value: --name, --map and --replace go with the PATH"),
        (
            ["train", "--only", "cf", "--seed", "3"],
            "invalid value: --only keeps the examples and the seed of the model",
        ),
        (
            ["train", "--only", "cf", "--data", "x"],
            "invalid value: --only keeps the examples and the seed of the model",
        ),
        (["embeddings", "add", "cf", "x.npy"], "missing option '--ids'; see `segue embeddings add --help`"),
        (["embeddings", "add", "cf", "x.npy", "--ids", "x", "--of", "moods"], "invalid value for '--of'"),
        (["embeddings", "ad"], "no such command 'ad'. Did you mean 'add'?; see `segue embeddings --help`"),
        (["train", "--from-events", "--tidy-names"], "invalid value: --data, --tidy-names and --from-events learn"),
        (["train", "--ranker", "--steps", "9"], "invalid value: --ranker teaches the ranking alone; it goes with"),
        (["train", "--sequential", "--ranker"], "invalid value: --sequential learns what comes next alone; it goes"),
        (["train", "--sequential", "--tidy-names"], "invalid value: --sequential learns what comes next alone; it"),
        (["train", "--walks", "9"], "invalid value: --dialogs and --walks go with --ranker; give that as well"),
        (["train", "--dialogs", "x"], "invalid value: --dialogs and --walks go with --ranker; give that as well"),
        (["train", "--ranker", "--walks", "-1"], "invalid value for '--walks'"),
        (["export"], "missing argument 'FOLDER'; see `segue export --help`"),
        (["export", "x", "--format", "xml"], "invalid value for '--format'"),
        (["export", "x", "--format", "cpcd", "--augment"], "invalid value: --with-ids and --augment go with"),
        (["web", "--port", "70000"], "invalid value for '--port'"),
    ],
)
def test_misuse_is_one_line_and_status_2(line: list[str], said: str) -> None:
    status, out, err = run(*line)
    assert (status, out) == (2, "")
    assert err.startswith(f"segue: {said}")
    assert err.count("\n") == 1
    assert "--help`" in err


@pytest.mark.parametrize(
    ("options", "dials"),
    [
        ((), (None, None, None)),
        (("--discovery", "1", "--fame", "-0.5", "--how-much-me", "0"), (1.0, -0.5, 0.0)),
        (("--discovery", "-1", "--how-much-me", "3"), (-1.0, None, 3.0)),
    ],
)
def test_the_dials_reach_the_conversation(
    options: tuple[str, ...], dials: tuple[float | None, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[Message] = []

    class Listening:
        def reply(self, message: Message) -> Reply:
            heard.append(message)
            return Reply(session_id=message.session_id, turn=1, query=message.text, text="No track fits.")

    monkeypatch.setattr(cli, "_ready", lambda _: nullcontext(Listening()))
    assert run("playlist", "mellow", "jazz", *options) == (1, "", "segue: no playlist was made: No track fits.\n")
    (message,) = heard
    assert (message.discovery, message.fame, message.how_much_me) == dials
    assert message.text == "mellow jazz"


def test_an_unwritable_playlist_is_refused_before_any_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "_open", None)
    status, out, err = run("playlist", "mellow", "-o", str(tmp_path / "list.mp3"))
    assert (status, out) == (1, "")
    assert err == "segue: cannot write a playlist as '.mp3'; use one of .m3u8, .m3u, .xspf, .jspf, .csv, .json, .txt\n"
    status, _, err = run("playlist", "mellow", "-o", str(tmp_path / "missing" / "list.csv"))
    assert status == 1
    assert "there is no folder" in err


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (NothingToExportError("s"), "segue: session 's' has no playlist yet; ask for one first\n"),
        (
            PermissionError(13, "Permission denied", "/data/segue"),
            "segue: the system refused /data/segue: Permission denied; check that the place exists, can be written "
            "and has room (`segue status` shows the data folder, SEGUE_HOME moves it)\n",
        ),
    ],
)
def test_an_expected_error_is_one_line_and_status_1(
    error: Exception, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert failing(error, monkeypatch) == (1, "", said)


def test_an_unexpected_error_has_a_number_and_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    status, out, err = failing(ZeroDivisionError("division\nby zero"), monkeypatch)
    assert (status, out) == (1, "")
    assert err.startswith("segue: unexpected error ")
    assert "(ZeroDivisionError: division by zero); try `segue doctor`" in err
    assert err.count("\n") == 1


def test_ctrl_c_ends_with_130(monkeypatch: pytest.MonkeyPatch) -> None:
    assert failing(KeyboardInterrupt(), monkeypatch) == (130, "", "segue: interrupted\n")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        (
            "SEGUE_INDEX",
            "annoy",
            "segue: SEGUE_INDEX is 'annoy': Input should be 'auto', 'exact' or 'chroma'; correct it",
        ),
        ("SEGUE_THREADS", "none", "segue: SEGUE_THREADS is 'none': Input should be a valid integer"),
    ],
)
def test_a_wrong_setting_is_named(name: str, value: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    status, out, err = run("status")
    assert (status, out) == (1, "")
    assert err.startswith(said)
    assert err.count("\n") == 1


def test_a_reader_that_goes_away_is_no_drama() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    code = f"import sys; sys.argv = ['segue', '--help']; {SEGUE}"
    done = subprocess.run([sys.executable, "-c", code], stdout=writing, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, "")


def test_a_group_is_imported_only_when_it_is_called(tmp_path: Path) -> None:
    (tmp_path / "measures.py").write_text(
        """
import typer
print("imported")
measure_app = typer.Typer(help="Measures.")
@measure_app.command()
def length(cm: int = 1):
    print(cm / 100)
@measure_app.command()
def weight(g: int = 1):
    raise ValueError("no scales")
"""
    )
    code = """
import sys
import evals.main
evals.main._GROUPS = {"measure": ("Measure things.", "measures:measure_app")}
evals.main.main()
"""

    def segue(*line: str) -> tuple[int, str, str]:
        done = subprocess.run(
            [sys.executable, "-c", code, *line],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])},
        )
        return done.returncode, done.stdout, done.stderr

    status, out, _ = segue("--help")
    assert status == 0
    assert "Measure things." in out
    assert "imported" not in out
    assert segue("measure", "length", "--cm", "250") == (0, "imported\n2.5\n", "")
    status, out, err = segue("measure", "--help")
    assert (status, err) == (0, "")
    assert "Usage: segue measure" in out
    status, _, err = segue("measure", "weight")
    assert status == 1
    assert "ValueError: no scales" in err
    assert segue("measure", "length", "--mm")[::2] == (
        2,
        "segue: no such option: --mm (Possible options: --cm); see `segue measure length --help`\n",
    )


def test_threads_limit_blas() -> None:
    code = (
        "import connectors.cli; connectors.cli._settings(); import numpy, threadpoolctl\n"
        "print({pool['num_threads'] for pool in threadpoolctl.threadpool_info()})"
    )
    kept = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    done = subprocess.run(
        [sys.executable, "-c", code], env=kept | {"SEGUE_THREADS": "1"}, capture_output=True, text=True, check=True
    )
    assert done.stdout == "{1}\n"


def test_waiting_threads_sleep(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Training beside another process was many times slower while OpenMP's waiting threads spun."""
    monkeypatch.delenv("OMP_WAIT_POLICY")
    monkeypatch.setattr(sys, "argv", ["segue", "--version"])
    with pytest.raises(SystemExit):
        main()
    assert os.environ["OMP_WAIT_POLICY"] == "PASSIVE"


def test_a_session_is_disowned_and_owned_again_by_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEGUE_HOME", str(tmp_path))
    status, out, err = run("not-me", "--listener", "ann")
    assert (status, out) == (1, "")
    assert err == (
        "segue: listener 'ann' has not had a session that counts for their taste; give --session the id of one, or "
        "--listener another listener\n"
    )
    with closing(Store.open(f"sqlite:///{tmp_path / 'segue.db'}")) as store:
        store.add_event(Event("ann", "t", EventKind.LIKE, 1.0, session_id="tuesday"))
    said = "Session tuesday, with 1 event, no longer counts; --undo takes that back\n"
    assert run("not-me", "--listener", "ann") == (0, said, "")
    assert run("not-me", "--listener", "ann", "--session", "monday")[0] == 1
    assert run("not-me", "--listener", "ann", "--undo") == (0, "Session tuesday, with 1 event, counts again\n", "")


@pytest.mark.parametrize(
    ("difference", "said"),
    [
        (0.3, "The new ranker serves, from the next message on: it is better"),
        (0.1, "The new ranker serves, from the next message on: it is not worse, if not surely better"),
        (-0.1, "The ranker that served goes on: the new one is worse there"),
    ],
)
def test_training_a_ranker_tells_what_it_learnt_from_and_which_one_serves(
    difference: float, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    trial = TrialReport(served=0.25, new=0.25 + difference, difference=difference, low=difference - 0.2, high=0.5)

    def learnt(self: Assistant, progress: object, **given: object) -> RankerReport:
        assert given == {"dialogs": Path("talks.jsonl"), "n_walks": 7}
        return RankerReport(
            n_own=20,
            n_given=5,
            n_learnt=20,
            n_held_out=5,
            n_walks=7,
            n_turns=1234,
            trial=trial,
            deployed=difference > 0,
            seconds=3.0,
        )

    monkeypatch.setattr(Assistant, "train_ranker", learnt)
    status, out, _ = run("train", "--ranker", "--dialogs", "talks.jsonl", "--walks", "7")
    assert status == 0
    assert out.splitlines() == [
        "Learnt to rank from 20 conversations and 7 made ones (1,234 turns) in 3 s",
        "  real conversations: 20 held here, 5 of --dialogs; 5 of them were held out",
        f"MRR@10 on those: 0.250 served so far, {0.25 + difference:.3f} new; difference {difference:+.3f} "
        f"[{difference - 0.2:+.3f}, +0.500] (95 %, paired)",
        said,
    ]
