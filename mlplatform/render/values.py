"""Plain values out of a resource's inputs: secrets uncovered or masked, unknown values found."""

import base64
from collections.abc import Iterator, Mapping

from mlplatform.graph.markers import Plain, Secret, Unknown

MASK = "[secret]"
"""What stands in a file where a secret value was."""

_DOCKER_CONFIG_KEYS = frozenset({".dockerconfigjson", ".dockercfg"})


def unknown_paths(value: Plain, path: str = "") -> Iterator[str]:
    """Yield the path of every value that is known only after a deployment."""
    if isinstance(value, Unknown):
        yield path
    elif isinstance(value, Secret):
        yield from unknown_paths(value.value, path)
    else:
        for key, item in _children(value):
            yield from unknown_paths(item, join(path, key))


def secret_paths(value: Plain, path: str = "") -> Iterator[str]:
    """Yield the path of every secret value."""
    if isinstance(value, Secret):
        yield path
    else:
        for key, item in _children(value):
            yield from secret_paths(item, join(path, key))


def reveal(value: Plain) -> Plain:
    """Return plain JSON-like data with secrets in plain text: for memory and pipes, never for files.

    Keys without a value are left out, as the Kubernetes API reads a null as a wish to remove the field.
    """
    return _plain(value, masked=False)


def mask(value: Plain) -> Plain:
    """Return plain JSON-like data in which every secret value is replaced by ``MASK``."""
    return _plain(value, masked=True)


def mask_secret_object(manifest: Mapping[str, Plain]) -> dict[str, Plain]:
    """Replace every value of a core/v1 Secret, marked or not, so that the API server still accepts the object."""
    masked = dict(manifest)
    for field, encode in (("data", True), ("stringData", False)):
        if isinstance(masked.get(field), Mapping):
            masked[field] = {key: _placeholder(key, encode=encode) for key in masked[field]}
    return masked


def join(path: str, key: str | int) -> str:
    """Extend a path such as ``spec.containers`` by a key or an index."""
    if isinstance(key, int):
        return f"{path}[{key}]"
    if any(mark in key for mark in './[]" '):
        return f'{path}["{key}"]'
    return f"{path}.{key}" if path else key


def _children(value: Plain) -> Iterator[tuple[str | int, Plain]]:
    if isinstance(value, Mapping):
        yield from value.items()
    elif isinstance(value, (list, tuple)):
        yield from enumerate(value)


def _plain(value: Plain, *, masked: bool) -> Plain:
    if isinstance(value, Secret):
        return _masked_like(_plain(value.value, masked=False)) if masked else _plain(value.value, masked=False)
    if isinstance(value, Mapping):
        return {key: _plain(item, masked=masked) for key, item in value.items() if item is not None}
    if isinstance(value, (list, tuple)):
        return [_plain(item, masked=masked) for item in value]
    if isinstance(value, float) and value.is_integer():
        # Integers that went through protobuf's Struct; the API server refuses 3.0 where it wants an integer.
        return int(value)
    return value


def _masked_like(value: Plain) -> Plain:
    """Keep a secret's type, so that what is written still has the shape that the API server checks."""
    if isinstance(value, dict):
        return {key: _masked_like(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_masked_like(item) for item in value]
    return type(value)() if isinstance(value, (bool, int, float)) else MASK


def _placeholder(key: str, *, encode: bool) -> str:
    text = '{"auths":{}}' if key in _DOCKER_CONFIG_KEYS else MASK
    return base64.b64encode(text.encode()).decode() if encode else text
