"""Lyrics as a modality: their language, what they are about, and their vectors. Their words never leave the machine."""
