"""Protocol buffer values to model values and back."""

import pytest
from google.protobuf import struct_pb2
from pulumi.runtime import rpc

from mlplatform.graph import UNKNOWN, Secret
from mlplatform.graph.values import OUTPUT_SIGNATURE, RESOURCE_SIGNATURE, SIGNATURE, decode_struct, encode_struct


@pytest.mark.parametrize(
    "value",
    [
        "text",
        "",
        True,
        False,
        0,
        -3,
        2**53 - 1,
        1.5,
        [],
        {},
        [1, [2, {"a": []}]],
        {"b": {"c": None}, "a": [None]},
        UNKNOWN,
        Secret("s"),
        Secret({"deep": [1, UNKNOWN]}),
    ],
)
def test_values_survive(value):
    assert decode_struct(encode_struct({"key": value})) == {"key": value}


def test_types_survive():
    decoded = decode_struct(encode_struct({"whole": 1.0, "true": True, "large": 1e300}))
    assert {key: type(value) for key, value in decoded.items()} == {"whole": int, "true": bool, "large": float}


def test_keys_are_sorted_at_every_level():
    decoded = decode_struct(encode_struct({"b": {"z": 1, "y": 2}, "a": 1}))
    assert list(decoded) == ["a", "b"]
    assert list(decoded["b"]) == ["y", "z"]


def test_null_members_of_the_top_are_left_out():
    assert decode_struct(encode_struct({"a": None, "b": 1})) == {"b": 1}


def special(**fields):
    struct = struct_pb2.Struct()
    struct.update({"key": fields})
    return struct


def test_output_values_of_remote_components_keep_their_markers():
    struct = special(**{SIGNATURE: OUTPUT_SIGNATURE, "value": "v", "secret": True})
    assert decode_struct(struct) == {"key": Secret("v")}
    assert decode_struct(special(**{SIGNATURE: OUTPUT_SIGNATURE})) == {"key": UNKNOWN}
    assert decode_struct(special(**{SIGNATURE: OUTPUT_SIGNATURE, "secret": True})) == {"key": Secret(UNKNOWN)}


def test_references_to_resources_are_urns():
    assert decode_struct(special(**{SIGNATURE: RESOURCE_SIGNATURE, "urn": "urn:x", "id": "i"})) == {"key": "urn:x"}


def test_assets_are_objects():
    struct = special(**{SIGNATURE: rpc._special_asset_sig, "path": "a.txt"})
    assert decode_struct(struct) == {"key": {"asset": {"path": "a.txt"}}}


def test_an_unknown_signature_is_an_error():
    with pytest.raises(ValueError, match="unknown signature 'nonsense'"):
        decode_struct(special(**{SIGNATURE: "nonsense"}))


def test_what_is_no_value_is_an_error():
    with pytest.raises(TypeError, match="cannot hand a set to the program"):
        encode_struct({"key": {1}})
