"""The audio encoders: which there are, getting what they need, and checking one against its original."""

from __future__ import annotations

from pathlib import Path

from assistant.errors import AssistantError
from assistant.parts import Parts
from assistant.reports import CheckedArray, CheckedEncoder, EncoderReport


class NotGivenError(AssistantError, ValueError):
    """Something was asked of an audio encoder that only another one takes."""

    def __init__(self, name: str, what: str) -> None:
        super().__init__(f"the audio encoder {name!r} takes no {what}; only musicnn does")
        self.name = name


class Encoders(Parts):
    """The part of an assistant that knows the audio encoders."""

    def encoders(self) -> tuple[EncoderReport, ...]:
        """Say which audio encoders there are, whether each is ready, and which the settings choose."""
        from recsys.audio.choosing import choose_encoders, is_ready
        from recsys.audio.registry import audio_card, audio_cards

        home = self.settings.home
        chosen = {audio_card(name).name for name in choose_encoders(self.settings.audio.encoders, home)}
        return tuple(
            EncoderReport(
                name=card.name,
                rate=card.rate,
                window_s=card.window_s,
                layer=card.layer,
                pooling=card.pooling,
                dim=card.dim,
                licence=card.licence,
                source=card.source,
                fetch=card.fetch,
                ready=is_ready(card.name, home),
                chosen=card.name in chosen,
            )
            for card in audio_cards()
        )

    def fetch_encoder(self, name: str, weights: Path | None = None) -> Path:
        """Get what an audio encoder needs, and return the folder where it was put.

        Args:
            name: of the encoder.
            weights: MusiCNN's wheel, where it is at hand.

        Raises:
            UnknownAudioEncoderError: there is none of that name.
            WeightsError: it could not be got, or is not what it should be.
            NotGivenError: weights were given for another encoder.
        """
        from recsys.audio.registry import audio_card, fetch_audio_encoder, weights_folder

        if weights is not None:
            if audio_card(name).name != "musicnn":
                raise NotGivenError(name, "weights")
            from recsys.audio.musicnn_weights import fetch

            fetch(weights_folder(name, self.settings.home), weights)
        return fetch_audio_encoder(name, self.settings.home)

    def check_encoder(self, name: str, reference: Path, weights: Path | None = None) -> CheckedEncoder:
        """Compare an audio encoder with golden outputs of its original; what it needs is fetched if it is not there.

        Args:
            name: musicnn.
            reference: an .npz file, as `recsys.audio.musicnn_check` says.
            weights: the wheel, where it is at hand; it is not kept.

        Raises:
            UnknownAudioEncoderError: there is none of that name.
            NotGivenError: another encoder is named.
            NoReferenceError: the file cannot be compared with.
            WeightsError: the weights cannot be had.
        """
        from recsys.audio.registry import audio_card, weights_folder

        if audio_card(name).name != "musicnn":
            raise NotGivenError(name, "reference")
        from recsys.audio.musicnn_check import TOLERANCE, compare, read_reference
        from recsys.audio.musicnn_weights import check, fetch

        arrays = read_reference(reference)  # before anything is fetched
        wheel = fetch(weights_folder(name, self.settings.home)) if weights is None else check(weights)
        return CheckedEncoder(
            arrays=tuple(
                CheckedArray(name=one.name, largest=one.largest)
                for one in compare(arrays, wheel, self.settings.threads)
            ),
            tolerance=TOLERANCE,
        )
