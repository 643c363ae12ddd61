"""Evaluation and benchmarks. May import everything; nothing imports it."""
