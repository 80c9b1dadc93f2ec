"""Which resources the arguments of a resource refer to, as a plan's configuration tells it."""

from collections.abc import Iterator, Mapping, Sequence

from mlplatform.graph.markers import Plain, Secret, Unknown
from mlplatform.graph.model import Resource
from mlplatform.render.terraform.names import snake
from mlplatform.render.terraform.unknowns import is_document

_SHORTEST = 6
"""Shorter texts are not looked for inside others, where they would be found by chance."""


class References:
    """Finds what the arguments of resources refer to: by their dependencies, and by the values that they got."""

    def __init__(self, addresses: Mapping[str, str], resources: Mapping[str, Resource]) -> None:
        """Take Terraform's addresses and the resources, both by URN."""
        self._addresses = addresses
        self._resources = resources

    def expression(self, stand_in: Plain, shaped: Plain, urns: Sequence[str]) -> Plain:
        """Return the expression of one argument; None where it refers to nothing.

        ``stand_in`` is the argument in Terraform's shape with stand-ins, ``shaped`` the same with unknowns, ``urns``
        what the program took it from.
        """
        urns = [urn for urn in urns if urn in self._addresses]
        return self._expression(stand_in, shaped, urns) if urns else None

    def _expression(self, stand_in: Plain, shaped: Plain, urns: Sequence[str]) -> Plain:
        stand_in, shaped = _open(stand_in), _open(shaped)
        if isinstance(shaped, list) and isinstance(stand_in, list) and any(isinstance(item, dict) for item in shaped):
            items = [self._expression(*pair, urns) or {} for pair in zip(stand_in, shaped, strict=True)]
            return items if any(items) else None
        if isinstance(shaped, dict) and isinstance(stand_in, dict):
            fields = {key: self._expression(stand_in.get(key), item, urns) for key, item in shaped.items()}
            return {key: item for key, item in fields.items() if item} or None
        found = list(self._equal(stand_in, urns))
        if not found and is_document(stand_in):
            found = [(urn, attribute) for urn in urns if (attribute := self._longest(stand_in, urn))]
        if not found and _has_unknown(shaped):
            found = [(urn, "id") for urn in urns]
        return {"references": list(dict.fromkeys(self._texts(found)))} if found else None

    def _equal(self, value: Plain, urns: Sequence[str]) -> Iterator[tuple[str, str]]:
        """Yield resources and their attributes that the texts of ``value`` are equal to, in the order of the texts."""
        for text in filter(None, _texts(value)):
            for urn in urns:
                names = [name for name, output in self._outputs(urn) if output == text]
                if names:
                    yield urn, names[0]

    def _longest(self, text: str, urn: str) -> str | None:
        """Return the attribute of a resource that a text has inside: the longest, as it tells most."""
        inside = [
            (len(output), name) for name, output in self._outputs(urn) if len(output) >= _SHORTEST and output in text
        ]
        return max(inside)[1] if inside else None

    def _outputs(self, urn: str) -> Iterator[tuple[str, str]]:
        for name, output in sorted(self._resources[urn].outputs.items()):
            plain = _open(output)
            if isinstance(plain, str):
                yield name, plain

    def _texts(self, found: Sequence[tuple[str, str]]) -> Iterator[str]:
        for urn, attribute in found:
            address = self._addresses[urn]
            yield f"{address}.{snake(attribute)}"
            yield address


def _open(value: Plain) -> Plain:
    return value.value if isinstance(value, Secret) else value


def _has_unknown(value: Plain) -> bool:
    return isinstance(value, Unknown) or (isinstance(value, list) and any(isinstance(item, Unknown) for item in value))


def _texts(value: Plain) -> Iterator[str]:
    value = _open(value)
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
