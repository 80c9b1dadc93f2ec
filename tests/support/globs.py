"""Patterns of ARNs: whether there is any ARN that two of them both match."""

import re
from functools import cache

_ANY = "*"
_NAME = "\0"  # any characters but a slash
_ONE = "?"
_MANY = (_ANY, _NAME)


@cache
def intersect(resource: str, pattern: str) -> bool:
    """Tell whether some ARN matches both ``resource``, as in a policy, and ``pattern``, with ``${Variable}``s.

    The name of a bucket has no slash in it, so that a bucket is told from its objects.
    """
    if resource == _ANY:
        return True
    given, wanted = _parts(re.sub(r"\$\{[^}]*\}", _ANY, resource)), _parts(_of_reference(pattern))
    return len(given) == len(wanted) and all(_meet(*pair) for pair in zip(given, wanted, strict=True))


def _of_reference(pattern: str) -> str:
    return re.sub(r"\$\{[^}]*\}", _ANY, pattern.replace("${BucketName}", _NAME))


def _parts(arn: str) -> list[str]:
    return arn.split(":", 5)


def _meet(left: str, right: str) -> bool:
    @cache
    def at(i: int, j: int) -> bool:
        if i == len(left) and j == len(right):
            return True
        a, b = left[i : i + 1], right[j : j + 1]
        if a in _MANY and (at(i + 1, j) or (_takes(a, b) and at(i, j + 1))):
            return True
        if b in _MANY and (at(i, j + 1) or (_takes(b, a) and at(i + 1, j))):
            return True
        if a in _MANY or b in _MANY:
            return False
        return bool(a and b) and (a == b or _ONE in (a, b)) and at(i + 1, j + 1)

    return at(0, 0)


def _takes(wildcard: str, character: str) -> bool:
    return character != "" and not (wildcard == _NAME and character == "/")
