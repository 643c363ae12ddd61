"""From a message to a request: `RulesUnderstanding` reads by rules alone, without any model."""

from assistant.understanding.rules import RulesUnderstanding

__all__ = ["RulesUnderstanding"]
