"""Random values as the ``random`` provider makes them: the same arguments, the same outputs."""

import base64
import secrets
import string
import uuid
from collections.abc import Callable, Mapping
from typing import Any, Final

import bcrypt

_SPECIAL: Final = "!@#$%&*()-_=+[]{}<>:?"
_CLASSES: Final = (
    ("upper", "minUpper", string.ascii_uppercase),
    ("lower", "minLower", string.ascii_lowercase),
    ("numeric", "minNumeric", string.digits),
)
_BCRYPT_LIMIT: Final = 72
"""Bytes of a password that bcrypt reads."""

Inputs = Mapping[str, Any]
Outputs = dict[str, Any]


def _characters(inputs: Inputs) -> str:
    length = int(inputs["length"])
    alphabet, drawn = "", []
    classes = [*_CLASSES, ("special", "minSpecial", str(inputs.get("overrideSpecial") or _SPECIAL))]
    for switch, minimum, characters in classes:
        # "number" is the former name of "numeric".
        enabled = inputs.get(switch, inputs.get("number", True) if switch == "numeric" else True)
        if enabled:
            alphabet += characters
        drawn += [secrets.choice(characters) for _ in range(int(inputs.get(minimum, 0)))]
    if not alphabet:
        raise ValueError("every class of characters is switched off")
    if len(drawn) > length:
        raise ValueError(f"length is {length}, but the minimums add up to {len(drawn)}")
    drawn += [secrets.choice(alphabet) for _ in range(length - len(drawn))]
    secrets.SystemRandom().shuffle(drawn)
    return "".join(drawn)


def _password(inputs: Inputs) -> Outputs:
    result = _characters(inputs)
    hashed = bcrypt.hashpw(result.encode()[:_BCRYPT_LIMIT], bcrypt.gensalt(rounds=10)).decode()
    return {"id": "none", "result": result, "bcryptHash": hashed}


def _string(inputs: Inputs) -> Outputs:
    result = _characters(inputs)
    return {"id": result, "result": result}


def _bytes(inputs: Inputs) -> Outputs:
    data = secrets.token_bytes(int(inputs["length"]))
    return {"id": "none", "base64": base64.b64encode(data).decode(), "hex": data.hex()}


def _id(inputs: Inputs) -> Outputs:
    data = secrets.token_bytes(int(inputs["byteLength"]))
    prefix = str(inputs.get("prefix", ""))
    url = base64.urlsafe_b64encode(data).decode().rstrip("=")
    return {
        "id": url,
        "b64Url": prefix + url,
        "b64Std": prefix + base64.b64encode(data).decode(),
        "hex": prefix + data.hex(),
        "dec": prefix + str(int.from_bytes(data, "big")),
    }


def _integer(inputs: Inputs) -> Outputs:
    low, high = int(inputs["min"]), int(inputs["max"])
    if inputs.get("seed"):
        raise ValueError("a seed makes the value predictable, which only the Pulumi engine supports")
    if low > high:
        raise ValueError(f"min is {low} and max is {high}")
    result = low + secrets.randbelow(high - low + 1)
    return {"id": str(result), "result": result}


def _uuid(_: Inputs) -> Outputs:
    result = str(uuid.uuid4())
    return {"id": result, "result": result}


MAKERS: Final[Mapping[str, Callable[[Inputs], Outputs]]] = {
    "random:index/randomBytes:RandomBytes": _bytes,
    "random:index/randomId:RandomId": _id,
    "random:index/randomInteger:RandomInteger": _integer,
    "random:index/randomPassword:RandomPassword": _password,
    "random:index/randomString:RandomString": _string,
    "random:index/randomUuid4:RandomUuid4": _uuid,
    "random:index/randomUuid:RandomUuid": _uuid,
}
"""How the outputs of each type of resource are made from its inputs; ``ValueError`` says what is wrong with them."""

SECRET_OUTPUTS: Final[Mapping[str, frozenset[str]]] = {
    "random:index/randomBytes:RandomBytes": frozenset({"base64", "hex"}),
    "random:index/randomPassword:RandomPassword": frozenset({"bcryptHash", "result"}),
}
"""Outputs that are secrets."""
