"""Errors of `evals`: each says what was received, what was expected and what to do next."""

from __future__ import annotations

from connectors.errors import ConnectorError


class EvaluationError(ConnectorError):
    """Root of every error that `evals` raises on purpose; a connector's, for the command line to word."""


class MetricError(EvaluationError, ValueError):
    """A metric was asked of something that it is not defined on."""


class EvaluationDataError(EvaluationError, ValueError):
    """The data of an evaluation is missing or is not of the form that the evaluation reads."""


class ContractError(EvaluationError, ValueError):
    """A system breaks what `evals.jam_contract` says that every system promises."""

    def __init__(self, system: str, clause: str, promise: str, problem: str) -> None:
        super().__init__(
            f"{system} breaks the clause {clause!r} of the contract of systems ({promise}): {problem}; "
            f"`segue eval contract --models {system}` checks every clause"
        )
        self.system, self.clause, self.promise, self.problem = system, clause, promise, problem


class UnknownSystemError(EvaluationError, ValueError):
    """A system, or one of its cases, was named on the command line that the evaluation does not have."""

    def __init__(self, name: str, known: tuple[str, ...], kind: str = "system") -> None:
        super().__init__(f"no {kind} {name!r}; expected some of {', '.join(known)}, or all")
        self.name, self.known = name, known


class SeedsError(EvaluationError, ValueError):
    """`--seeds` is not a list of whole numbers."""

    def __init__(self, text: str) -> None:
        super().__init__(
            f"--seeds {text!r} is not a list of whole numbers from 0 up; write --seeds 64 or --seeds 64,65"
        )
        self.text = text


class CommandFailedError(EvaluationError, RuntimeError):
    """A child process that was to be measured or tested did not end well."""

    def __init__(self, command: str, status: int, stderr: str) -> None:
        last = stderr.strip().splitlines()[-1] if stderr.strip() else "no message"
        super().__init__(f"`{command}` ended with status {status}: {last}; run it by itself to see all of its output")
        self.command, self.status, self.stderr = command, status, stderr


class MutantError(EvaluationError, ValueError):
    """A mutant's patch is not of the form that the tool reads, or no longer applies."""


class SynthesiserError(EvaluationError, RuntimeError):
    """The synthesiser of test music, or one of its soundfonts, is not installed or did not play."""
