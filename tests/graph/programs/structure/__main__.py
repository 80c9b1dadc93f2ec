"""Components that are put together badly, and one that is not."""

import pulumi
from pulumi_kubernetes.core.v1 import ConfigMap
from pulumi_kubernetes.helm.v3 import Release


class Silent(pulumi.ComponentResource):
    def __init__(self, name: str) -> None:
        super().__init__("mlplatform:index:Silent", name)
        ConfigMap("child-1", opts=pulumi.ResourceOptions(parent=self))


class Malformed(pulumi.ComponentResource):
    def __init__(self, name: str) -> None:
        super().__init__("Malformed", name)
        self.register_outputs({})


class Good(pulumi.ComponentResource):
    def __init__(self, name: str) -> None:
        super().__init__("mlplatform:index:Good", name)
        ConfigMap(name, opts=pulumi.ResourceOptions(parent=self))
        ConfigMap(f"{name}-settings", opts=pulumi.ResourceOptions(parent=self))
        self.register_outputs({})


class Remote(pulumi.ComponentResource):
    size: pulumi.Output[int]

    def __init__(self, name: str) -> None:
        props = {"password": pulumi.Output.secret("planted-remote"), "size": 3, "from": good.urn}
        super().__init__("other:index:Remote", name, props, None, remote=True)


silent = Silent("silent")
malformed = Malformed("malformed")
good = Good("good")
remote = Remote("remote")
Release("hub", chart="jupyterhub", version="4.4.0")
if pulumi.runtime.is_dry_run():
    ConfigMap("sometimes")
pulumi.log.warn("on its own")
pulumi.log.error("about the good one", good)
pulumi.log.info("not worth a finding")
