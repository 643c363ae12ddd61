"""A BERT sentence encoder as one ONNX graph, written straight from its published weights.

Without torch: tracing the model with `torch.onnx.export` gives the same vectors to 2e-7 but takes ten seconds
and a gigabyte, on the way to a first playlist that should take neither.

Shapes: B texts, T word pieces, H heads, D width. The graph maps `input_ids` and `attention_mask` (B, T) to
`vectors` (B, D): embeddings and layers as in Devlin et al. (2019), then the mean over the mask and
normalisation of Reimers and Gurevych (2019, Sentence-BERT); and to `states` (B, T, 2D), those after the middle and the
last layer, which cost nothing where they are not asked for. Query, key and value of a layer are one product,
and attention's 1/√(D/H) is folded into its query weights; vectors agree with the originals to 1e-6.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: ONNX operator set: the first with Gelu.
OPSET = 20


def write_bert_graph(model_folder: Path, file: Path) -> None:
    """Write the graph of the model in `model_folder` (config.json, model.safetensors) to `file`."""
    import onnx
    from onnx import TensorProto, helper
    from safetensors.numpy import load_file

    config = json.loads((model_folder / "config.json").read_text(encoding="utf-8"))
    graph = _Graph(load_file(model_folder / "model.safetensors"), config)
    layers = graph.layers()
    vectors = graph.normalised_mean(layers[-1])
    states = graph.op("Concat", layers[len(layers) // 2 - 1], layers[-1], axis=-1)
    proto = helper.make_graph(
        [
            *graph.nodes,
            helper.make_node("Identity", [vectors], ["vectors"]),
            helper.make_node("Identity", [states], ["states"]),
        ],
        "bert",
        inputs=[
            helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["batch", "tokens"]),
            helper.make_tensor_value_info("attention_mask", TensorProto.INT64, ["batch", "tokens"]),
        ],
        outputs=[
            helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["batch", graph.width]),
            helper.make_tensor_value_info("states", TensorProto.FLOAT, ["batch", "tokens", 2 * graph.width]),
        ],
    )
    model = helper.make_model(proto, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=10)
    # Tensors go in one by one: handed over with the graph they would be held three times.
    while graph.constants:
        name, value = graph.constants.popitem()
        tensor = model.graph.initializer.add()
        tensor.name, tensor.data_type = name, helper.np_dtype_to_tensor_dtype(value.dtype)
        tensor.dims.extend(value.shape)
        tensor.raw_data = value.astype(value.dtype.newbyteorder("<")).tobytes()
    onnx.save_model(model, file)


class _Graph:
    """Nodes and constants as they accumulate. Methods take and return the names of values."""

    def __init__(self, weights: dict[str, NDArray[np.float32]], config: dict[str, Any]) -> None:
        self.weights, self.config = weights, config
        self.width = int(config["hidden_size"])
        self.nodes: list[Any] = []
        self.constants: dict[str, NDArray[Any]] = {}

    def layers(self) -> list[str]:
        """The states (B, T, D) after every layer."""
        found = []
        bias = self.mask_bias()
        states = self.embeddings()
        for layer in range(self.config["num_hidden_layers"]):
            prefix = f"encoder.layer.{layer}"
            attended = self.dense(self.attention(states, bias, prefix), f"{prefix}.attention.output.dense")
            states = self.norm(self.op("Add", attended, states), f"{prefix}.attention.output.LayerNorm")
            inner = self.op("Gelu", self.dense(states, f"{prefix}.intermediate.dense"))
            outer = self.dense(inner, f"{prefix}.output.dense")
            states = self.norm(self.op("Add", outer, states), f"{prefix}.output.LayerNorm")
            found.append(states)
        return found

    def embeddings(self) -> str:
        """Word, position and type embeddings, normalised (B, T, D); all types are the first."""
        words = self.op("Gather", self.weight("embeddings.word_embeddings.weight"), "input_ids")
        positions = (
            self.weights["embeddings.position_embeddings.weight"]
            + self.weights["embeddings.token_type_embeddings.weight"][0]
        )
        n_tokens = self.op("Shape", "input_ids", start=1, end=2)
        zero, axis = self.constant(np.array([0])), self.constant(np.array([0]))
        places = self.op("Slice", self.constant(positions), zero, n_tokens, axis)  # (T, D)
        return self.norm(self.op("Add", words, places), "embeddings.LayerNorm")

    def mask_bias(self) -> str:
        """What keeps attention from padding: 0 or the least float (B, 1, 1, T)."""
        padding = self.op("Sub", self.constant(np.float32(1)), self.mask())
        bias = self.op("Mul", padding, self.constant(np.finfo(np.float32).min))
        return self.op("Unsqueeze", bias, self.constant(np.array([1, 2])))

    def mask(self) -> str:
        """The mask as floats (B, T)."""
        return self.op("Cast", "attention_mask", to=1)  # TensorProto.FLOAT

    def attention(self, states: str, bias: str, prefix: str) -> str:
        """Self-attention over the states (B, T, D)."""
        n_heads = int(self.config["num_attention_heads"])
        scale = np.float32(1 / math.sqrt(self.width / n_heads))
        names = [f"{prefix}.attention.self.{part}" for part in ("query", "key", "value")]
        weight = np.concatenate([self.weights[f"{name}.weight"] for name in names])  # (3D, D)
        offset = np.concatenate([self.weights[f"{name}.bias"] for name in names])  # (3D,)
        weight[: self.width] *= scale
        offset[: self.width] *= scale
        product = self.op("MatMul", states, self.constant(np.ascontiguousarray(weight.T)))
        product = self.op("Add", product, self.constant(offset))
        split = self.constant(np.array([0, 0, 3 * n_heads, self.width // n_heads]))
        heads = self.op("Transpose", self.op("Reshape", product, split), perm=[0, 2, 1, 3])  # (B, 3H, T, D/H)
        query, key, value = self.several("Split", 3, heads, axis=1, num_outputs=3)  # (B, H, T, D/H)
        scores = self.op("MatMul", query, self.op("Transpose", key, perm=[0, 1, 3, 2]))  # (B, H, T, T)
        shares = self.op("Softmax", self.op("Add", scores, bias), axis=-1)
        context = self.op("Transpose", self.op("MatMul", shares, value), perm=[0, 2, 1, 3])  # (B, T, H, D/H)
        return self.op("Reshape", context, self.constant(np.array([0, 0, self.width])))

    def normalised_mean(self, states: str) -> str:
        """The mean of the states over the mask, at length one (B, D)."""
        mask = self.op("Unsqueeze", self.mask(), self.constant(np.array([2])))  # (B, T, 1)
        axis = self.constant(np.array([1]))
        total = self.op("ReduceSum", self.op("Mul", states, mask), axis, keepdims=0)  # (B, D)
        mean = self.op("Div", total, self.op("ReduceSum", mask, axis, keepdims=0))
        length = self.op("ReduceL2", mean, axis, keepdims=1)  # (B, 1)
        return self.op("Div", mean, self.op("Max", length, self.constant(np.float32(1e-12))))

    def dense(self, value: str, name: str) -> str:
        """An affine map; published weights are (out, in)."""
        weight = self.constant(np.ascontiguousarray(self.weights[f"{name}.weight"].T))
        return self.op("Add", self.op("MatMul", value, weight), self.weight(f"{name}.bias"))

    def norm(self, value: str, name: str) -> str:
        """Layer normalisation over the last axis."""
        gain, offset = self.weight(f"{name}.weight"), self.weight(f"{name}.bias")
        epsilon = float(self.config["layer_norm_eps"])
        return self.op("LayerNormalization", value, gain, offset, axis=-1, epsilon=epsilon)

    def weight(self, name: str) -> str:
        """A published tensor as it is."""
        self.constants[name] = self.weights[name]
        return name

    def constant(self, value: NDArray[Any] | np.generic) -> str:
        """A value made here."""
        name = f"constant_{len(self.constants)}"
        self.constants[name] = np.asarray(value)
        return name

    def op(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """Add a node with one output."""
        return self.several(kind, 1, *inputs, **attributes)[0]

    def several(self, kind: str, n_outputs: int, *inputs: str, **attributes: Any) -> list[str]:
        """Add a node with several outputs."""
        from onnx import helper

        outputs = [f"{kind}_{len(self.nodes)}_{place}" for place in range(n_outputs)]
        self.nodes.append(helper.make_node(kind, list(inputs), outputs, **attributes))
        return outputs
