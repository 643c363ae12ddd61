"""`python -m recsys.encoders.export MODEL_FOLDER FILE`: write a BERT sentence encoder as one ONNX file.

Run as a child process by `minilm`, so that torch never enters the process that serves.
"""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path


def export(model_folder: Path, file: Path) -> None:
    """Write the model with mean pooling over the mask and normalisation inside the graph, flushed to disk."""
    import torch
    from transformers import AutoModel

    class SentenceEncoder(torch.nn.Module):
        """Word pieces (B, T) and their mask (B, T) to unit vectors (B, D)."""

        def __init__(self) -> None:
            super().__init__()
            self.bert = AutoModel.from_pretrained(
                model_folder, local_files_only=True, attn_implementation="eager", dtype=torch.float32
            )

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            states = self.bert(
                input_ids=input_ids, attention_mask=attention_mask
            ).last_hidden_state  # (B, T, D)
            mask = attention_mask.unsqueeze(-1).to(states.dtype)  # (B, T, 1)
            mean = (states * mask).sum(1) / mask.sum(1).clamp(min=1e-9)  # (B, D)
            return torch.nn.functional.normalize(mean, dim=1)

    example = torch.tensor([[101, 2189, 102], [101, 102, 0]]), torch.tensor([[1, 1, 1], [1, 1, 0]])
    warnings.simplefilter("ignore")  # the tracer warns about every shape it fixes on purpose
    with torch.inference_mode():
        torch.onnx.export(
            SentenceEncoder().eval(),
            example,
            file,
            input_names=["input_ids", "attention_mask"],
            output_names=["vectors"],
            dynamic_axes={
                "input_ids": {0: "batch", 1: "tokens"},
                "attention_mask": {0: "batch", 1: "tokens"},
                "vectors": {0: "batch"},
            },
            opset_version=17,
            dynamo=False,
        )
    with file.open("rb") as written:
        os.fsync(written.fileno())


if __name__ == "__main__":
    export(Path(sys.argv[1]), Path(sys.argv[2]))
