"""Hearing tracks: decoding, audio encoders by name, and the stage of indexing that listens."""
