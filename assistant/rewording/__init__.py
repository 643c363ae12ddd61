"""Rewording by a language model: sentences that cite the facts of one track, and the checker that lets them through."""
