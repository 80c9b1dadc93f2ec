"""Programs that cannot be evaluated, by the configuration value ``case``."""

import sys

import pulumi
from pulumi_kubernetes.core.v1 import ConfigMap

PLANTED = "correct-horse-battery"


class ProblemsError(Exception):
    """Like an error of the settings: it brings a list."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class UnpicklableError(Exception):
    def __init__(self) -> None:
        super().__init__("one")
        self.problems = (lambda: 1,)


def fail(case: str) -> None:
    if case == "raise":
        raise ValueError("the moon is in the wrong house")
    if case == "exit":
        sys.exit(3)
    if case == "problems":
        raise ProblemsError("file.yaml:1: a: bad", "file.yaml:2: b: worse")
    if case == "unpicklable":
        raise UnpicklableError
    if case == "apply":
        ConfigMap("settings", metadata={"name": "x"}).metadata.name.apply(lambda name: int(name))
    if case == "secret-apply":
        pulumi.Output.secret(PLANTED).apply(lambda value: int(value[::-1]))
    if case == "secret-in-text":
        ConfigMap("settings", data={"password": pulumi.Output.secret(PLANTED)})
        print(f"the password is {PLANTED}")
        raise ValueError(f"cannot log in with {PLANTED}")
    if case == "secret-config":
        raise ValueError(f"cannot use {pulumi.Config().require('token')}")
    if case == "unserializable":
        ConfigMap("settings", data={"when": object()})
    if case == "print":
        print("hello from the program")
        print("and from its other stream", file=sys.stderr)
        raise RuntimeError
    if case == "import":
        import does_not_exist  # noqa: F401


fail(pulumi.Config().require("case"))
