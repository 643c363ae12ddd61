"""TensorFlow's checkpoint format, read from a bundle that is put together here by its specification."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from recsys.audio.tensor_bundle import read_bundle
from recsys.errors import WeightsError
from recsys.types import FloatArray


def varint(value: int) -> bytes:
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def entry(dtype: int, shape: tuple[int, ...], offset: int, size: int) -> bytes:
    """A BundleEntryProto: a field of zero is left out, as protobuf does."""
    dims = b"".join(b"\x12" + varint(len(d)) + d for d in (b"\x08" + varint(n) if n else b"" for n in shape))
    parts = b"\x08" + varint(dtype) + b"\x12" + varint(len(dims)) + dims
    parts += b"\x20" + varint(offset) if offset else b""
    return parts + b"\x28" + varint(size) + b"\x35" + b"\x01\x02\x03\x04"


def block(entries: dict[bytes, bytes]) -> bytes:
    """A block of a LevelDB table, each key without what it shares with the one before."""
    out, before = b"", b""
    for key in sorted(entries):
        shared = next((n for n in range(min(len(key), len(before)), 0, -1) if key[:n] == before[:n]), 0)
        own, value = key[shared:], entries[key]
        out += varint(shared) + varint(len(own)) + varint(len(value)) + own + value
        before = key
    return out + struct.pack("<II", 0, 1)


def bundle(tensors: dict[str, FloatArray], *, compressed: bool = False) -> tuple[bytes, bytes]:
    data, entries = b"", {b"": b"\x08\x01"}
    for name, tensor in tensors.items():
        content = tensor.astype("<f4").tobytes()
        entries[name.encode()] = entry(1, tensor.shape, len(data), len(content))
        data += content
    entries[b"step"] = entry(9, (), len(data), 8)  # an int64, which is not wanted
    names = sorted(entries)
    index, handles = b"", {}
    for some in (names[: len(names) // 2], names[len(names) // 2 :]):  # two blocks, as large bundles have
        content = block({name: entries[name] for name in some})
        handles[some[-1]] = varint(len(index)) + varint(len(content))
        index += content + bytes([compressed]) + b"crc!"
    top = block(handles)
    footer = varint(0) + varint(0) + varint(len(index)) + varint(len(top))
    return index + top + b"\x00crc!" + footer.ljust(40, b"\0") + struct.pack("<Q", 0xDB4775248B80FB57), data


TENSORS = {
    "conv2d/kernel": np.arange(24, dtype=np.float32).reshape(2, 3, 1, 4),
    "conv2d/bias": np.array([1.5], np.float32),
    "conv2d_1/bias": np.linspace(-1, 1, 300, dtype=np.float32),
    "scale": np.array(7, np.float32),
}


def test_every_tensor_is_read_with_its_shape() -> None:
    found = read_bundle(*bundle(TENSORS))
    assert found.keys() == TENSORS.keys()
    for name, tensor in TENSORS.items():
        np.testing.assert_array_equal(found[name], tensor)
        assert found[name].shape == tensor.shape


@pytest.mark.parametrize("cut", [0, 10, 47, 60])
def test_a_bundle_that_breaks_off_is_refused(cut: int) -> None:
    index, data = bundle(TENSORS)
    for broken in ((index[:-1], data), (index[cut:], data[: len(data) // 2]), (index[:cut], data), (b"", b"")):
        with pytest.raises(WeightsError, match="segue encoders fetch musicnn"):
            read_bundle(*broken)


def test_a_compressed_bundle_is_refused() -> None:
    with pytest.raises(WeightsError, match="compressed"):
        read_bundle(*bundle(TENSORS, compressed=True))
