"""Protocol buffer structures to model values and back."""

import math
from collections.abc import Callable, Mapping
from typing import Any

from google.protobuf import struct_pb2
from pulumi.runtime import rpc

from mlplatform.graph.markers import UNKNOWN, Plain, Secret, Unknown

SIGNATURE = rpc._special_sig_key
SECRET_SIGNATURE = rpc._special_secret_sig
RESOURCE_SIGNATURE = rpc._special_resource_sig
OUTPUT_SIGNATURE = rpc._special_output_value_sig
ASSET_SIGNATURE = rpc._special_asset_sig
ARCHIVE_SIGNATURE = rpc._special_archive_sig

_LARGEST_EXACT_INTEGER = 2**53


def decode_struct(struct: struct_pb2.Struct) -> dict[str, Any]:
    """Give the members of ``struct`` by sorted key; those that are null are left out, as the engine does."""
    fields = struct.fields
    return {key: value for key in sorted(fields) if (value := decode(fields[key])) is not None}


def decode(value: struct_pb2.Value) -> Plain:
    """Give the model value: whole numbers as ``int``, secrets and unknowns as markers, references as URNs."""
    kind = value.WhichOneof("kind")
    return None if kind is None else _DECODERS[kind](value)


def _decode_string(value: struct_pb2.Value) -> Plain:
    text = value.string_value
    return UNKNOWN if text == rpc.UNKNOWN else text


def _decode_number(value: struct_pb2.Value) -> Plain:
    number = value.number_value
    whole = math.isfinite(number) and number.is_integer() and abs(number) < _LARGEST_EXACT_INTEGER
    return int(number) if whole else number


def _decode_object(value: struct_pb2.Value) -> Plain:
    fields = value.struct_value.fields
    if SIGNATURE in fields:
        return _decode_special(fields)
    return {key: decode(fields[key]) for key in sorted(fields)}


_DECODERS: dict[str, Callable[[struct_pb2.Value], Plain]] = {
    "string_value": _decode_string,
    "struct_value": _decode_object,
    "number_value": _decode_number,
    "bool_value": lambda value: value.bool_value,
    "list_value": lambda value: [decode(item) for item in value.list_value.values],
    "null_value": lambda _: None,
}


def _decode_special(fields: Mapping[str, struct_pb2.Value]) -> Plain:
    signature = fields[SIGNATURE].string_value
    if signature == SECRET_SIGNATURE:
        return _secret(decode(fields["value"]))
    if signature == OUTPUT_SIGNATURE:
        value = decode(fields["value"]) if "value" in fields else UNKNOWN
        return _secret(value) if "secret" in fields and fields["secret"].bool_value else value
    if signature == RESOURCE_SIGNATURE:
        return fields["urn"].string_value
    if signature in (ASSET_SIGNATURE, ARCHIVE_SIGNATURE):
        kind = "asset" if signature == ASSET_SIGNATURE else "archive"
        return {kind: {key: decode(fields[key]) for key in sorted(fields) if key != SIGNATURE}}
    raise ValueError(f"a value with an unknown signature {signature!r}")


def _secret(value: Plain) -> Plain:
    return value if isinstance(value, Secret) else Secret(value)


def encode_struct(values: dict[str, Any]) -> struct_pb2.Struct:
    """Reverse ``decode_struct``, for values to hand to the program."""
    struct = struct_pb2.Struct()
    for key, value in values.items():
        encode_into(struct.fields[key], value)
    return struct


def encode_into(target: struct_pb2.Value, value: Plain) -> None:
    """Set ``target`` to ``value``."""
    if isinstance(value, dict):
        target.struct_value.SetInParent()
        for key, item in value.items():
            encode_into(target.struct_value.fields[key], item)
    elif isinstance(value, list | tuple):
        target.list_value.SetInParent()
        for item in value:
            encode_into(target.list_value.values.add(), item)
    elif isinstance(value, Secret):
        wrap_secret(target, value.value)
    else:
        _encode_scalar(target, value)


def _encode_scalar(target: struct_pb2.Value, value: Plain) -> None:
    if value is None:
        target.null_value = struct_pb2.NULL_VALUE
    elif isinstance(value, bool):
        target.bool_value = value
    elif isinstance(value, str):
        target.string_value = value
    elif isinstance(value, int | float):
        target.number_value = value
    elif isinstance(value, Unknown):
        target.string_value = rpc.UNKNOWN
    else:
        raise TypeError(f"cannot hand a {type(value).__name__} to the program")


def wrap_secret(target: struct_pb2.Value, value: Plain) -> None:
    """Set ``target`` to a secret that holds ``value``, a model value or a protobuf one."""
    fields = target.struct_value.fields
    fields[SIGNATURE].string_value = SECRET_SIGNATURE
    if isinstance(value, struct_pb2.Value):
        fields["value"].CopyFrom(value)
    else:
        encode_into(fields["value"], value)
