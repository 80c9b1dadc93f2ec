import base64
import re

import bcrypt
import pytest

from mlplatform.errors import UserError
from mlplatform.graph import UNKNOWN, Secret
from mlplatform.local.deploy import generated
from mlplatform.local.deploy.random_values import MAKERS
from tests.support.graphs import Program

PASSWORD = "random:index/randomPassword:RandomPassword"


def made(token: str, **inputs):
    return MAKERS[token](inputs)


@pytest.mark.parametrize(
    ("inputs", "pattern"),
    [
        ({"length": 32, "special": False}, r"[A-Za-z0-9]{32}"),
        ({"length": 20, "upper": False, "lower": False, "special": False}, r"[0-9]{20}"),
        ({"length": 20, "numeric": False, "special": False}, r"[A-Za-z]{20}"),
        ({"length": 20, "number": False, "special": False}, r"[A-Za-z]{20}"),
        ({"length": 40, "upper": False, "lower": False, "numeric": False, "overrideSpecial": "_-"}, r"[_-]{40}"),
        ({"length": 64}, r"[A-Za-z0-9!@#$%&*()\-_=+\[\]{}<>:?]{64}"),
    ],
)
def test_a_password_has_the_length_and_the_characters_asked_for(inputs, pattern):
    for _ in range(20):
        assert re.fullmatch(pattern, MAKERS[PASSWORD](inputs)["result"])


def test_a_password_has_at_least_the_minimums():
    inputs = {"length": 12, "minUpper": 3, "minLower": 3, "minNumeric": 3, "minSpecial": 3}
    for _ in range(20):
        result = MAKERS[PASSWORD](inputs)["result"]
        kinds = ("[A-Z]", "[a-z]", "[0-9]", "[^A-Za-z0-9]")
        assert [len(re.findall(kind, result)) for kind in kinds] == [3, 3, 3, 3]


def test_passwords_differ_and_their_hash_fits():
    first, second = made(PASSWORD, length=32), made(PASSWORD, length=32)
    assert first["result"] != second["result"]
    assert bcrypt.checkpw(first["result"].encode(), first["bcryptHash"].encode())


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"length": 4, "minUpper": 3, "minLower": 3}, "length is 4, but the minimums add up to 6"),
        ({"length": 4, "upper": False, "lower": False, "numeric": False, "special": False}, "switched off"),
    ],
)
def test_arguments_that_no_password_meets_are_refused(inputs, message):
    with pytest.raises(ValueError, match=message):
        MAKERS[PASSWORD](inputs)


def test_other_random_values_have_the_form_asked_for():
    data = made("random:index/randomBytes:RandomBytes", length=16)
    assert len(bytes.fromhex(data["hex"])) == 16
    assert base64.b64decode(data["base64"]) == bytes.fromhex(data["hex"])
    identity = made("random:index/randomId:RandomId", byteLength=8, prefix="x-")
    assert re.fullmatch(r"x-[0-9a-f]{16}", identity["hex"])
    assert int(identity["dec"].removeprefix("x-")) == int(identity["hex"].removeprefix("x-"), 16)
    assert {made("random:index/randomInteger:RandomInteger", min=3, max=5)["result"] for _ in range(200)} == {3, 4, 5}
    assert re.fullmatch(
        r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", made("random:index/randomUuid:RandomUuid")["result"]
    )


def password(length: int = 32, **more) -> Program:
    program = Program()
    program.other(PASSWORD, "db", {"length": length, "special": False}, **more)
    return program


def test_a_value_is_made_once():
    records = generated.complete(password().graph(), {})
    assert generated.complete(password().graph(), records) is records
    (outputs,) = generated.known_outputs(records).values()
    assert isinstance(outputs["result"], Secret)
    assert isinstance(outputs["bcryptHash"], Secret)
    assert outputs["result"].value not in repr(records) + repr(outputs)


def test_a_value_whose_arguments_change_is_replaced_and_the_former_one_is_kept():
    before = generated.complete(password(16).graph(), {})
    after = generated.complete(password(24).graph(), before)
    (old,), (new,) = before.values(), after.values()
    assert len(new.outputs["result"]) == 24
    assert new.former == (old.outputs,)


def test_a_protected_value_is_not_replaced():
    before = generated.complete(password(16).graph(), {})
    with pytest.raises(UserError, match="it is protected, and its arguments changed"):
        generated.complete(password(24, protect=True).graph(), before)


def test_a_value_whose_resource_is_gone_waits_for_it():
    before = generated.complete(password().graph(), {})
    assert generated.complete(Program().graph(), before) is before


def test_everything_that_cannot_be_made_is_listed_at_once():
    program = Program()
    program.other("random:index/randomPet:RandomPet", "pet", {})
    program.other(PASSWORD, "unknown", {"length": UNKNOWN})
    program.other("random:index/randomInteger:RandomInteger", "seeded", {"min": 1, "max": 2, "seed": "s"})
    with pytest.raises(UserError) as caught:
        generated.complete(program.graph(), {})
    text = str(caught.value)
    assert "'pet' (stacks/composition.py:2): only the Pulumi engine can make it" in text
    assert "'unknown' (stacks/composition.py:3): length is known only after a deployment" in text
    assert "'seeded' (stacks/composition.py:4): a seed makes the value predictable" in text
