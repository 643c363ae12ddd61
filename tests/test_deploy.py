"""The examples of docs/deploy.md: they parse, and what they name is there."""

from __future__ import annotations

import configparser
import json
import re
from pathlib import Path

from typer.testing import CliRunner

from connectors.cli import app

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "docs" / "deploy"
GUIDE = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
#: Dockerfile instructions that the example may use.
INSTRUCTIONS = {
    *("FROM", "WORKDIR", "COPY", "RUN", "ENV", "USER", "VOLUME", "EXPOSE"),
    *("STOPSIGNAL", "HEALTHCHECK", "CMD"),
}


def unit() -> configparser.ConfigParser:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(DEPLOY / "segue.service", encoding="utf-8")
    return parser


def steps() -> list[tuple[str, str]]:
    """The Dockerfile's instructions with what follows them, continued lines joined."""
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(word, " ".join(rest.split())) for word, _, rest in (line.partition(" ") for line in lines)]


def test_the_unit_runs_what_there_is_and_gives_it_time_to_stop() -> None:
    service = unit()["Service"]
    assert set(unit().sections()) == {"Unit", "Service", "Install"}
    assert service["ExecStart"].split()[1:] == ["serve"]
    assert service["KillSignal"] == "SIGTERM"
    assert int(service["TimeoutStopSec"]) > 5
    assert service["Environment"] == "SEGUE_HOME=/var/lib/segue"


def test_the_dockerfile_is_whole_and_runs_as_nobody_in_particular() -> None:
    found = steps()
    assert {word for word, _ in found} <= INSTRUCTIONS
    assert found[0][0] == "FROM"
    commands = [rest for word, rest in found if word == "CMD"]
    assert [json.loads(one) for one in commands] == [["segue", "serve", "--host", "0.0.0.0"]]
    assert ("USER", "segue") in found
    last_user = max(n for n, (word, _) in enumerate(found) if word == "USER")
    assert not any(word == "RUN" for word, _ in found[last_user:])
    health = next(rest for word, rest in found if word == "HEALTHCHECK")
    compile(json.loads(health[health.index("[") :])[2], "healthcheck", "exec")
    for word, rest in found:
        if word == "COPY" and rest.startswith("--from="):
            assert f"AS {rest.split()[0].removeprefix('--from=')}" in " ".join(line for _, line in found)


def test_braces_of_the_proxy_are_closed_and_every_line_ends() -> None:
    text = re.sub(r"#.*", "", (DEPLOY / "segue.nginx.conf").read_text(encoding="utf-8"))
    assert text.count("{") == text.count("}")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    assert all(line.endswith((";", "{", "}")) for line in lines)


def test_what_the_guide_names_is_there() -> None:
    for path in re.findall(r"\]\((deploy/[^)]+)\)", GUIDE):
        assert (ROOT / "docs" / path).is_file(), path
    result = CliRunner().invoke(app, ["serve", "--help"])
    assert result.exit_code == 0
    for option in ("--no-web", "--no-discord"):
        assert option in GUIDE
        assert option in result.stdout
