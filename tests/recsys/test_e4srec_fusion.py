"""One vector from several signals: what each fusion computes, and what absent signals may not do."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from recsys.sequential.errors import SequentialModelError
from recsys.sequential.fusion import FUSIONS, Fusion, SignalFusion

_WIDTHS = (5, 3, 7)


def _made(fusion: Fusion, widths: tuple[int, ...] = _WIDTHS) -> SignalFusion:
    torch.manual_seed(3)
    made = SignalFusion(widths, 8, fusion)
    with torch.no_grad():
        for weight in made.parameters():  # nothing stays at a neutral start
            weight.add_(torch.randn(weight.shape) * 0.3)
    return made


def _inputs(n: int = 6) -> tuple[list[Tensor], Tensor]:
    generator = torch.Generator().manual_seed(5)
    tables = [torch.randn(n, width, generator=generator) for width in _WIDTHS]
    present = torch.rand(n, len(_WIDTHS), generator=generator) < 0.6
    present[0], present[1] = False, True
    return tables, present


@pytest.mark.parametrize("fusion", FUSIONS)
def test_what_an_absent_signal_holds_does_not_matter(fusion: Fusion) -> None:
    inputs, present = _inputs()
    made = _made(fusion)
    anything = [x.masked_fill(~present[:, m, None], float("nan")) for m, x in enumerate(inputs)]
    fused = made(inputs, present)
    assert torch.isfinite(fused).all()
    torch.testing.assert_close(fused, made(anything, present), rtol=0, atol=0)


@pytest.mark.parametrize("fusion", FUSIONS)
def test_every_present_signal_moves_the_vector_and_no_other_items(fusion: Fusion) -> None:
    inputs, _ = _inputs()
    made, present = _made(fusion), torch.ones(6, 3, dtype=torch.bool)
    before = made(inputs, present)
    for signal in range(3):
        changed = [x.clone() for x in inputs]
        changed[signal][2] += 1
        moved = (made(changed, present) - before).abs().amax(dim=1) > 1e-6
        assert moved.tolist() == [False, False, True, False, False, False]


@pytest.mark.parametrize("fusion", FUSIONS)
def test_each_item_is_fused_as_if_alone(fusion: Fusion) -> None:
    inputs, present = _inputs()
    made = _made(fusion)
    together = made(inputs, present)
    for row in range(6):
        alone = made([x[row : row + 1] for x in inputs], present[row : row + 1])
        torch.testing.assert_close(alone, together[row : row + 1])


@pytest.mark.parametrize("fusion", FUSIONS)
def test_a_single_signal_is_mapped_alone_whichever_fusion_is_named(fusion: Fusion) -> None:
    made = _made(fusion, (5,))
    x, present = torch.randn(2, 5), torch.tensor([[True], [False]])
    fused, layer = made([x], present), made.maps[0]
    torch.testing.assert_close(fused[0], x[0] @ layer.weight.T + layer.bias)
    assert not fused[1].any()


def test_a_weighted_sum_weighs_what_is_present() -> None:
    made = SignalFusion((2, 2, 2), 2, "weighted-sum")
    with torch.no_grad():
        for layer in made.maps:
            layer.weight.copy_(torch.eye(2))
            layer.bias.zero_()
        made.weights.copy_(torch.tensor([0.0, 1.0, 2.0]))
    inputs = [torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 1.0]]), torch.tensor([[9.0, 9.0]])]
    e = torch.e
    fused = made(inputs, torch.tensor([[True, True, False]]))
    torch.testing.assert_close(fused, torch.tensor([[1 / (1 + e), e / (1 + e)]]))


def test_cross_attention_is_that_of_torch_with_the_id_as_query() -> None:
    inputs, present = _inputs()
    present[:, 0] = True
    made = _made("cross-attention")
    theirs = nn.MultiheadAttention(8, 4, batch_first=True)
    with torch.no_grad():
        theirs.in_proj_weight.copy_(torch.cat([made.to_query.weight, made.to_key.weight, made.to_value.weight]))
        theirs.in_proj_bias.copy_(torch.cat([made.to_query.bias, made.to_key.bias, made.to_value.bias]))
        theirs.out_proj.weight.copy_(made.out.weight)
        theirs.out_proj.bias.copy_(made.out.bias)
    mapped = [layer(x) for layer, x in zip(made.maps, inputs, strict=True)]
    some = present[:, 1:].any(dim=1)
    context = torch.stack(mapped[1:], dim=1)[some]
    attended, _ = theirs(mapped[0][some, None], context, context, key_padding_mask=~present[some, 1:])
    fused = made(inputs, present)
    torch.testing.assert_close(fused[some], mapped[0][some] + attended[:, 0])
    torch.testing.assert_close(fused[~some], mapped[0][~some])


def test_film_begins_as_the_id_and_is_modulated_by_what_it_learns() -> None:
    inputs, _ = _inputs()
    present = torch.ones(6, 3, dtype=torch.bool)
    made = SignalFusion(_WIDTHS, 8, "film")
    lead = made.maps[0](inputs[0])
    torch.testing.assert_close(made(inputs, present), lead)
    with torch.no_grad():
        made.modulations[1].bias[:8] = 2.0  # γ
        made.modulations[1].bias[8:] = 0.5  # β
    torch.testing.assert_close(made(inputs, present), lead * 3 + 0.5)
    present[:, 2] = False
    torch.testing.assert_close(made(inputs, present), lead)


def test_a_fusion_that_cannot_be_made_says_what_to_do() -> None:
    with pytest.raises(SequentialModelError, match="no fusion is called 'sum'; name one of concatenation"):
        SignalFusion((2, 2), 4, "sum")  # type: ignore[arg-type]
    with pytest.raises(SequentialModelError, match="4 heads do not divide the width 6"):
        SignalFusion((2, 2), 6, "cross-attention")
    with pytest.raises(SequentialModelError, match="no signal to fuse"):
        SignalFusion((), 4, "film")
