"""Secrets in every place."""

import pulumi
from pulumi_kubernetes.core.v1 import ConfigMap, Secret
from pulumi_random import RandomPassword


class Vault(pulumi.ComponentResource):
    def __init__(self, name: str) -> None:
        super().__init__("mlplatform:index:Vault", name, {"key": pulumi.Output.secret("planted-component-input")})
        self.register_outputs({"door": pulumi.Output.secret("planted-component-output"), "open": False})


vault = Vault("vault")
ConfigMap("plain", data={"password": pulumi.Output.secret("planted-nested")})
ConfigMap("whole", data=pulumi.Output.secret({"password": "planted-whole", "deep": "planted-deep"}))
ConfigMap("derived", data={"url": pulumi.Output.concat("https://me:", pulumi.Output.secret("planted-concat"), "@host")})
ConfigMap("labelled", metadata={"labels": {"token": pulumi.Output.secret("planted-label")}})
Secret("declared", string_data={"password": "planted-plain-in-secret"}, data={"key": "cGxhbnRlZC1kYXRh"})
password = RandomPassword("random", length=24)
ConfigMap("uses-random", data={"password": password.result})
ConfigMap(
    "wrong", data={"number": pulumi.Output.secret(12345678)}, immutable=pulumi.Output.secret("planted-wrong-type")
)
pulumi.log.warn("somebody said planted-nested aloud")
pulumi.export("secret", pulumi.Output.secret({"a": ["planted-export"]}))
pulumi.export("random", password.result)
pulumi.export("length", password.result.apply(len))
