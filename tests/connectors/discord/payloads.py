"""What Discord says of people, servers and applications, and what it refuses of messages and commands."""

from __future__ import annotations

import re
from typing import Any

from discord import Locale

APP = 900
GUILD, OTHER_GUILD = 500, 501
CHANNEL, OTHER_CHANNEL, THREAD, DIRECT = 600, 601, 650, 690
ANN, BOB, CLEO = 11, 12, 13
ALL = (1 << 53) - 1
Json = dict[str, Any]
_NAME = re.compile(r"[-_\w]{1,32}")
_LOCALES = {locale.value for locale in Locale}


def check_message(body: Json) -> None:
    """What Discord would refuse."""
    assert len(body.get("content") or "") <= 2000
    for embed in body.get("embeds") or []:
        assert len(embed.get("title") or "") <= 256
        assert len(embed.get("description") or "") <= 4096
        fields = embed.get("fields") or []
        assert len(fields) <= 25
        assert all(len(one["name"]) <= 256 and 1 <= len(one["value"]) <= 1024 for one in fields)
        total = len(embed.get("title") or "") + len(embed.get("description") or "")
        total += len((embed.get("footer") or {}).get("text") or "")
        assert total + sum(len(one["name"]) + len(one["value"]) for one in fields) <= 6000
    rows = body.get("components") or []
    assert len(rows) <= 5
    ids = [one["custom_id"] for row in rows for one in row["components"]]
    assert len(set(ids)) == len(ids)
    assert all(1 <= len(one) <= 100 for one in ids)
    for row in rows:
        assert len(row["components"]) <= 5
        for one in row["components"]:
            assert len(one.get("label") or "") <= 80
            assert all(1 <= len(o["label"]) <= 100 and len(o["value"]) <= 100 for o in one.get("options", []))
            assert one["type"] != 3 or 1 <= len(one["options"]) <= 25


def check_commands(commands: list[Json]) -> None:
    """What Discord would refuse."""
    assert len(commands) <= 100
    assert len({one["name"] for one in commands}) == len(commands)
    for command in commands:
        _check_option(command)
        assert sum(map(len, _words(command))) <= 8_000


def _check_option(one: Json) -> None:
    assert _NAME.fullmatch(one["name"])
    assert one["name"] == one["name"].lower()
    assert 1 <= len(one["description"]) <= 100
    localized = one.get("description_localizations") or {}
    assert set(localized) <= _LOCALES
    assert all(1 <= len(words) <= 100 for words in localized.values()), localized
    choices = one.get("choices") or []
    assert len(choices) <= 25
    for choice in choices:
        names = choice.get("name_localizations") or {}
        assert set(names) <= _LOCALES
        assert all(1 <= len(name) <= 100 for name in (choice["name"], *names.values())), names
    assert not (choices and one.get("autocomplete"))
    options = one.get("options") or []
    assert len(options) <= 25
    required = [bool(option.get("required")) for option in options]
    assert required == sorted(required, reverse=True)
    for option in options:
        _check_option(option)


def _words(one: Json) -> list[str]:
    """The longest form of everything that a command says, over all languages."""
    said = [one["name"], max([one["description"], *(one.get("description_localizations") or {}).values()], key=len)]
    for choice in one.get("choices") or []:
        said += [max([choice["name"], *(choice.get("name_localizations") or {}).values()], key=len)]
        said += [str(choice["value"])]
    return said + [words for option in one.get("options") or [] for words in _words(option)]


def known_command(one: Json, *, localized: bool) -> Json:
    """Say a command as Discord says it of those that it knows: without what is usual, and in one language or all."""
    usual = {"required", "autocomplete", "nsfw"}
    more = {"description_localizations", "name_localizations"}
    said = {
        key: value
        for key, value in one.items()
        if not (key in usual and value is False) and (localized or key not in more) and value not in (None, [], {})
    }
    for below in ("options", "choices"):
        if below in said:
            said[below] = [known_command(each, localized=localized) for each in said[below]]
    if said.get("default_member_permissions") is not None:
        said["default_member_permissions"] = str(said["default_member_permissions"])
    return said


def user_of(user: int, *, bot: bool = False) -> Json:
    name = {ANN: "ann", BOB: "bob", CLEO: "cleo", APP: "Segue"}.get(user, f"user{user}")
    return {"id": str(user), "username": name, "discriminator": "0", "avatar": None, "global_name": name, "bot": bot}


def member_of(user: int, permissions: int) -> Json:
    shared = {"roles": [], "joined_at": "2026-01-01T00:00:00+00:00", "deaf": False, "mute": False, "flags": 0}
    return {"user": user_of(user), "permissions": str(permissions), **shared}


def channel_type(channel: int, guild: int | None) -> int:
    return 1 if guild is None else 11 if channel == THREAD else 0


def guild_of(guild: int) -> Json:
    common = {"position": 0, "permission_overwrites": [], "nsfw": False, "parent_id": None}
    base = 0 if guild == GUILD else 1000
    channels = [
        {"id": str(base + one), "type": 0, "name": f"music-{one}", **common} for one in (CHANNEL, OTHER_CHANNEL)
    ]
    thread = {"id": str(base + THREAD), "type": 11, "name": "a thread", "parent_id": str(base + CHANNEL)}
    thread |= {"owner_id": str(ANN), "thread_metadata": THREAD_FACTS, "guild_id": str(guild), "message_count": 0}
    thread |= {"member_count": 1}
    everyone = {"id": str(guild), "name": "@everyone", "permissions": str(ALL), "position": 0, "color": 0, "flags": 0}
    everyone |= {"colors": {"primary_color": 0}, "hoist": False, "managed": False, "mentionable": False}
    return {
        "id": str(guild),
        "name": f"Guild {guild}",
        "owner_id": str(ANN),
        "roles": [everyone],
        "emojis": [],
        "features": [],
        "channels": channels,
        "threads": [thread],
        "members": [member_of(APP, 0)],
        "member_count": 3,
        "verification_level": 0,
        "default_message_notifications": 0,
        "explicit_content_filter": 0,
        "mfa_level": 0,
        "premium_tier": 0,
        "nsfw_level": 0,
        "system_channel_flags": 0,
        "preferred_locale": "en-US",
        "afk_timeout": 60,
        "stickers": [],
        "unavailable": False,
    }


THREAD_FACTS = {
    "archived": False,
    "auto_archive_duration": 60,
    "archive_timestamp": "2026-01-01T00:00:00+00:00",
    "locked": False,
}
APPLICATION: Json = {
    "id": str(APP),
    "name": "Segue",
    "description": "",
    "icon": None,
    "flags": 0,
    "verify_key": "x",
    "bot_public": True,
    "bot_require_code_grant": False,
    "interactions_endpoint_url": None,
    "owner": user_of(ANN),
    "summary": "",
}
