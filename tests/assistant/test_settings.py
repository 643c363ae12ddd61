"""`.env.example` lists every setting, and copying it unchanged changes nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from dotenv import dotenv_values
from pydantic import BaseModel, ValidationError

from assistant.settings import Settings

EXAMPLE = Path(__file__).parents[2] / ".env.example"


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("SEGUE_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def every_setting() -> dict[str, object]:
    """The default of every setting by its name in the environment, those of groups included."""
    defaults: dict[str, object] = {}
    for name, field in Settings.model_fields.items():
        group = field.default
        if isinstance(group, BaseModel):
            defaults |= {f"SEGUE_{name}__{part}".upper(): getattr(group, part) for part in type(group).model_fields}
        else:
            defaults[f"SEGUE_{name}".upper()] = field.default
    return defaults


def test_the_example_names_exactly_the_settings() -> None:
    assert list(dotenv_values(EXAMPLE)) == list(every_setting())


def test_the_example_holds_the_defaults() -> None:
    assert Settings(_env_file=EXAMPLE) == Settings(_env_file=None)


def test_every_default_that_is_a_value_is_written_out() -> None:
    values = dotenv_values(EXAMPLE)
    written = {name for name, default in every_setting().items() if default is not None} - {"SEGUE_HOME"}
    assert {name for name in every_setting() if values[name]} == written


def test_every_setting_has_a_comment_above_it() -> None:
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines):
        if line.startswith("SEGUE_"):
            assert lines[number - 1].startswith("# "), line


def test_the_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEGUE_SLATE_SIZE", "12")
    assert Settings(_env_file=EXAMPLE).slate_size == 12


@pytest.mark.parametrize(("name", "value"), [("SLATE_SIZE", "0"), ("INDEX", "fast"), ("WEB_PORT", "-1")])
def test_wrong_values_are_refused(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"SEGUE_{name}", value)
    with pytest.raises(ValidationError, match=name.lower()):
        Settings()
