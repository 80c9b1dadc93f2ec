"""Programs that cannot be evaluated, by the configuration value ``case``."""

import importlib
import sys

import pulumi
from pulumi_kubernetes.core.v1 import ConfigMap

PLANTED = "correct-horse-battery"


class ProblemsError(Exception):
    """Like an error of the settings: it brings a list."""

    def __init__(self, *problems: object) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


def with_exception() -> None:
    raise ValueError("the moon is in the wrong house")


def with_exit() -> None:
    sys.exit(3)


def with_problems() -> None:
    raise ProblemsError("file.yaml:1: a: bad", "file.yaml:2: b: worse")


def with_problems_that_cannot_be_pickled() -> None:
    raise ProblemsError(lambda: 1)


def in_apply() -> None:
    ConfigMap("settings", metadata={"name": "x"}).metadata.name.apply(to_number)


def in_apply_of_a_secret() -> None:
    pulumi.Output.secret(PLANTED).apply(backwards_to_number)


def to_number(text: str) -> int:
    return int(text)


def backwards_to_number(text: str) -> int:
    return int(text[::-1])


def with_registered_secret() -> None:
    ConfigMap("settings", data={"password": pulumi.Output.secret(PLANTED)})
    sys.stdout.write(f"the password is {PLANTED}\n")
    raise ValueError(f"cannot log in with {PLANTED}")


def with_unregistered_secret() -> None:
    pulumi.Output.secret({"deep": [PLANTED]})
    raise ValueError(f"cannot log in as {PLANTED}")


def with_secret_of_configuration() -> None:
    raise ValueError(f"cannot use {pulumi.Config().require('token')}")


def with_unserializable_input() -> None:
    ConfigMap("settings", data={"when": object()})


def after_printing() -> None:
    sys.stdout.write("hello from the program\n")
    sys.stderr.write("and from its other stream\n")
    raise RuntimeError


def with_import() -> None:
    importlib.import_module("does_not_exist")


globals()[pulumi.Config().require("case")]()
