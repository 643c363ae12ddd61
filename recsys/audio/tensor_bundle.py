"""Reading TensorFlow's checkpoint format V2, the "tensor bundle", without TensorFlow.

`<prefix>.index` is a LevelDB table (name → BundleEntryProto), `<prefix>.data-00000-of-00001` holds the numbers. Read is
what checkpoints of TensorFlow 1 are: one shard, uncompressed blocks, little-endian float32.
Sources: tensorflow/core/protobuf/tensor_bundle.proto; leveldb/doc/table_format.md.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

import numpy as np

from recsys.errors import WeightsError
from recsys.types import FloatArray

_MAGIC = 0xDB4775248B80FB57
_FOOTER = 48  # two block handles, padded, and the magic number
_FLOAT32 = 1  # in tensorflow/core/framework/types.proto
#: Fields of BundleEntryProto, and of the shape inside it.
_DTYPE, _SHAPE, _OFFSET, _SIZE = 1, 2, 4, 5
_DIM, _DIM_SIZE = 2, 1


def read_bundle(index: bytes, data: bytes) -> dict[str, FloatArray]:
    """Return the float32 tensors of a checkpoint by name.

    Args:
        index: content of the `.index` file.
        data: content of the `.data-00000-of-00001` file.

    Raises:
        WeightsError: it is no such checkpoint, or is cut off.
    """
    try:
        found = dict(_tensors(index, data))
        if not found:
            raise ValueError("it holds no numbers")
        return found
    except (struct.error, IndexError, UnicodeDecodeError, ValueError) as error:
        raise WeightsError(
            f"the checkpoint cannot be read as TensorFlow's tensor bundle ({error}); fetch it again with "
            "`segue encoders fetch musicnn`"
        ) from error


def _tensors(index: bytes, data: bytes) -> Iterator[tuple[str, FloatArray]]:
    footer = index[-_FOOTER:]
    if len(footer) < _FOOTER or struct.unpack("<Q", footer[-8:])[0] != _MAGIC:
        raise ValueError("its index is no LevelDB table")
    _, at = _handle(footer, 0)  # of the meta index, which is empty
    blocks, _ = _handle(footer, at)
    for _, handle in _entries(index, blocks):
        block, _ = _handle(handle, 0)
        for name, value in _entries(index, block):
            if not name:
                continue  # the header: how many shards there are
            fields = dict(_fields(value))
            if fields.get(_DTYPE) != _FLOAT32:
                continue
            dims = (_bytes(dim) for key, dim in _fields(_bytes(fields[_SHAPE])) if key == _DIM)
            shape = [_number(dict(_fields(dim)).get(_DIM_SIZE, 0)) for dim in dims]
            start, size = _number(fields.get(_OFFSET, 0)), _number(fields.get(_SIZE, 0))
            if start + size > len(data):
                raise ValueError(f"{name.decode()} lies beyond the end of its data")
            yield name.decode(), np.frombuffer(data, "<f4", size // 4, start).reshape(shape).astype(np.float32)


def _entries(index: bytes, handle: tuple[int, int]) -> Iterator[tuple[bytes, bytes]]:
    """The entries of a block: each key shares its beginning with the one before."""
    start, size = handle
    if index[start + size] != 0:
        raise ValueError("its index is compressed")
    block = index[start : start + size]
    n_restarts = struct.unpack("<I", block[-4:])[0]
    at, end, key = 0, len(block) - 4 - 4 * n_restarts, b""
    while at < end:
        shared, at = _varint(block, at)
        own, at = _varint(block, at)
        length, at = _varint(block, at)
        key = key[:shared] + block[at : at + own]
        yield key, block[at + own : at + own + length]
        at += own + length


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """The fields of a protobuf message: numbers as they are, everything longer as bytes."""
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        kind = tag & 7
        if kind == 0:
            value, at = _varint(message, at)
            yield tag >> 3, value
            continue
        if kind == 2:
            length, at = _varint(message, at)
        elif kind in (1, 5):
            length = 8 if kind == 1 else 4
        else:
            raise ValueError(f"an entry has a field of wire type {kind}")
        yield tag >> 3, message[at : at + length]
        at += length


def _handle(block: bytes, at: int) -> tuple[tuple[int, int], int]:
    offset, at = _varint(block, at)
    size, at = _varint(block, at)
    return (offset, size), at


def _varint(block: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = block[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if not byte & 0x80:
            return value, at


def _number(value: int | bytes) -> int:
    if isinstance(value, bytes):
        raise ValueError("an entry has bytes where a number belongs")
    return value


def _bytes(value: int | bytes) -> bytes:
    if isinstance(value, int):
        raise ValueError("an entry has a number where bytes belong")
    return value
