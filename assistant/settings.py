"""Every setting, read from the environment (prefix SEGUE_) or a `.env` file. Nothing else reads the environment."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from platformdirs import user_data_path
from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, PositiveInt, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class LlmSettings(BaseModel):
    """The language model, if any. Each field is `SEGUE_LLM__<NAME>` in the environment."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str | None = Field(default=None, description="provider:model, or transformers:name; none if unset")
    base_url: str | None = Field(default=None, description="where an OpenAI-compatible or Ollama server listens")
    api_key: SecretStr | None = Field(default=None, description="the provider's own variable counts if unset")
    timeout_s: PositiveFloat = Field(default=30.0, description="longest wait for an answer, seconds")


class DiscordSettings(BaseModel):
    """The Discord bot, if any. Each field is `SEGUE_DISCORD__<NAME>` in the environment."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    token: SecretStr | None = Field(default=None, description="of the bot, from Discord's developer portal")
    llm_per_day: int = Field(default=200, ge=0, description="uses of the language model by one server in a day (UTC)")
    upload_mb: PositiveInt = Field(default=25, le=500, description="largest history file that is taken, MB")


class SpotifySettings(BaseModel):
    """The app by which playlists are sent to Spotify. Each field is `SEGUE_SPOTIFY__<NAME>` in the environment."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    client_id: str | None = Field(default=None, description="of an app of your own at developer.spotify.com")
    client_secret: SecretStr | None = Field(default=None, description="of that app")
    redirect_uri: str = Field(default="http://127.0.0.1:8888/callback", description="as the app states it")
    api_url: str = Field(default="https://api.spotify.com/v1", description="where Spotify's API listens")
    sign_in_url: str = Field(default="https://accounts.spotify.com", description="where people sign in")


class ListenBrainzSettings(BaseModel):
    """The ListenBrainz account. Each field is `SEGUE_LISTENBRAINZ__<NAME>` in the environment."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    token: SecretStr | None = Field(default=None, description="the user token of listenbrainz.org/settings")
    url: str = Field(default="https://api.listenbrainz.org", description="where its API listens")


class MusicBrainzSettings(BaseModel):
    """How `segue enrich` asks MusicBrainz. Each field is `SEGUE_MUSICBRAINZ__<NAME>` in the environment."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    contact: str | None = Field(default=None, description="your e-mail or web address, which MusicBrainz asks for")
    url: str = Field(default="https://musicbrainz.org", description="where it, or a mirror of it, listens")


class SubsonicSettings(BaseModel):
    """A Navidrome or other Subsonic server. Each field is `SEGUE_SUBSONIC__<NAME>` in the environment."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str | None = Field(default=None, description="the server's address, as in a browser")
    user: str | None = Field(default=None, description="who signs in")
    password: SecretStr | None = Field(default=None, description="their password")


class AudioSettings(BaseModel):
    """How files of music are listened to. Each field is `SEGUE_AUDIO__<NAME>` in the environment."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    encoders: str = Field(
        default="auto", description="names by commas, or none; auto: librosa, and musicnn where its weights are"
    )
    workers: PositiveInt = Field(default=2, le=64, description="processes that decode and listen")
    file_timeout_s: PositiveFloat = Field(default=60.0, description="longest time for one file, seconds")


class Settings(BaseSettings):
    """How Segue runs. Each field is `SEGUE_<NAME>` in the environment."""

    model_config = SettingsConfigDict(
        env_prefix="SEGUE_",
        env_nested_delimiter="__",
        env_file=".env",
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
    )

    home: Path = Field(
        default_factory=lambda: user_data_path("segue", appauthor=False),
        description="the data folder: catalogue, vectors, sessions, taste",
    )
    database_url: str | None = Field(default=None, description="SQLAlchemy URL; SQLite in the data folder by default")
    text_encoder: str = Field(
        default="all-MiniLM-L6-v2",
        description="the built-in encoder, any sentence-transformers model by name, or paper (JAM's: ModernBERT-base)",
    )
    index: Literal["auto", "exact", "chroma"] = Field(
        default="auto", description="auto serves catalogues above exact_limit from Chroma"
    )
    exact_limit: PositiveInt = Field(
        default=100_000, description="largest catalogue that auto scores exactly, in tracks"
    )
    chroma_url: str | None = Field(
        default=None,
        description="a Chroma server, http://host:port, that keeps the vectors; the data folder by default",
    )
    chroma_token: SecretStr | None = Field(default=None, description="what the Chroma server lets in, if it asks")
    threads: PositiveInt = Field(
        default=2, description="threads of the text encoder, of training, of BLAS and of filling Chroma"
    )
    seed: int = Field(default=64, ge=0, description="seed of training and synthesis")
    training_steps: PositiveInt | None = Field(
        default=None, description="steps of JAM training; by catalogue size if unset"
    )
    dialogue_share: float = Field(
        default=0.0, ge=0, le=0.9, description="share of JAM's synthetic examples that are turns of made conversations"
    )
    cold_vectors: bool = Field(
        default=True, description="predict what a collaborative space lacks from what is known of a track"
    )
    audio: AudioSettings = AudioSettings()
    ranker: Literal["auto", "none"] = Field(
        default="auto", description="none ranks without what was learnt of how sessions go"
    )
    appeal: bool = Field(default=True, description="whether what is predicted of quality and popularity takes part")
    slate_size: PositiveInt = Field(
        default=20, le=200, description="tracks in a slate unless the listener says otherwise"
    )
    max_per_artist: PositiveInt = Field(default=2, description="tracks of one artist in a slate unless asked for")
    how_much_me: float = Field(default=1.0, ge=0, le=3, description="weight of the listener's taste against the words")
    half_life_days: PositiveFloat = Field(default=180.0, description="after this many days an event weighs half")
    llm: LlmSettings = LlmSettings()
    listener: str = Field(default="me", description="whose taste the terminal uses")
    web_host: str = Field(default="127.0.0.1", description="address the web chat listens on")
    web_port: int = Field(default=7860, ge=0, le=65535, description="port of the web chat; 0 takes a free one")
    web_users: Path | None = Field(default=None, description="file of users; web-users in the data folder by default")
    web_proxy_header: str | None = Field(default=None, description="header in which a proxy names who is logged in")
    web_trusted_proxies: str | None = Field(default=None, description="addresses of the proxies that may, by commas")
    web_per_minute: PositiveInt = Field(default=120, description="turns and presses of one listener in a minute")
    web_upload_mb: PositiveInt = Field(default=200, description="largest file that the page takes, megabytes")
    discord: DiscordSettings = DiscordSettings()
    spotify: SpotifySettings = SpotifySettings()
    listenbrainz: ListenBrainzSettings = ListenBrainzSettings()
    musicbrainz: MusicBrainzSettings = MusicBrainzSettings()
    subsonic: SubsonicSettings = SubsonicSettings()
    log_level: Literal["debug", "info", "warning", "error"] = "warning"
