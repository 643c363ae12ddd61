"""Adam for a table of which each step uses a few rows: the steps of the dense method at the cost of those rows.

Dense Adam also moves the rows that got no gradient, by what it remembers of earlier ones. Here a row is brought up to
date when it is next used: k steps without a gradient only scale its first moment by β₁ᵏ and its second by β₂ᵏ, so that
their moves are the row's m / √v times one number that all rows last used at the same step share. (Kingma and Ba, 2015;
the small ε in the denominator is left out of such moves.)

Shapes: R rows of the table, U rows that a step uses, D width.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

#: Beyond so many steps the moves of a row without a gradient add nothing: (β₁ / √β₂)^300 < 1e-13.
_REMEMBERED = 300
#: Keeps a row that never got a gradient where it is.
_TINY = 1e-20


class RowAdam:
    """The optimiser of one table (R, D)."""

    def __init__(self, table: Tensor, betas: tuple[float, float] = (0.9, 0.999), epsilon: float = 1e-8) -> None:
        """Take the table, which is changed in place."""
        self.table, self.betas, self.epsilon = table, betas, epsilon
        self.first, self.second = torch.zeros_like(table), torch.zeros_like(table)
        self.used = torch.zeros(len(table), dtype=torch.int64)  # (R,) the step at which each row is up to date
        self.step = 0
        #: Of the rows last used at step s: Σ over the steps since of rate × bias correction × (β₁ / √β₂)^(steps since).
        self._moves = np.zeros(1)

    def rows(self, rows: Tensor) -> Tensor:
        """Return a copy of some rows (U, D), each named once, as dense Adam would have them by now."""
        self._bring_up(rows)
        return self.table[rows]

    def update(self, rows: Tensor, gradient: Tensor, rate: float) -> None:
        """Make one step with the gradient (U, D) of rows that `rows` has just returned, zero for all others."""
        self.step += 1
        beta_1, beta_2 = self.betas
        first = self.first[rows].mul_(beta_1).add_(gradient, alpha=1 - beta_1)
        second = self.second[rows].mul_(beta_2).addcmul_(gradient, gradient, value=1 - beta_2)
        self.first[rows], self.second[rows] = first, second
        correction = 1 - beta_2**self.step
        moved = first / second.div(correction).sqrt_().add_(self.epsilon)
        self.table.index_add_(0, rows, moved, alpha=-rate / (1 - beta_1**self.step))
        self.used[rows] = self.step
        since = np.arange(min(self.step, _REMEMBERED), 0, -1)
        self._moves = np.append(self._moves, 0.0)
        self._moves[self.step - since] += (
            rate * correction**0.5 / (1 - beta_1**self.step) * (beta_1 / beta_2**0.5) ** since
        )

    def flush(self) -> None:
        """Bring every row up to date."""
        self._bring_up(torch.arange(len(self.table)))

    def state(self) -> dict[str, Tensor]:
        """Return what `restore` needs to go on."""
        return {
            "first": self.first,
            "second": self.second,
            "used": self.used,
            "moves": torch.from_numpy(self._moves),
            "step": torch.tensor(self.step),
        }

    def restore(self, state: dict[str, Tensor]) -> None:
        """Go on from what `state` returned."""
        self.first.copy_(state["first"])
        self.second.copy_(state["second"])
        self.used.copy_(state["used"])
        self._moves, self.step = state["moves"].numpy().copy(), int(state["step"])

    def _bring_up(self, rows: Tensor) -> None:
        used = self.used[rows]
        late = used < self.step
        if not bool(late.any()):
            return
        rows, used = rows[late], used[late]
        first, second = self.first[rows], self.second[rows]
        moves = torch.from_numpy(self._moves[used.numpy()]).to(first.dtype)
        self.table.index_add_(0, rows, first / second.sqrt().add_(_TINY) * moves[:, None], alpha=-1.0)
        since = (self.step - used).to(torch.float64)
        beta_1, beta_2 = self.betas
        self.first[rows] = first * (beta_1**since).to(first.dtype)[:, None]
        self.second[rows] = second * (beta_2**since).to(first.dtype)[:, None]
        self.used[rows] = self.step
