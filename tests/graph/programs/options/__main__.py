"""Every resource option."""

import pulumi
import pulumi_kubernetes as k8s
from pulumi_kubernetes.core.v1 import ConfigMap


class Group(pulumi.ComponentResource):
    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:Group", name, {"size": 1}, opts)
        self.member = ConfigMap(f"{name}-member", data={"a": "1"}, opts=pulumi.ResourceOptions(parent=self))
        self.register_outputs({"member": self.member})


provider = k8s.Provider("cluster", context="test")
group = Group("group", pulumi.ResourceOptions(providers=[provider], aliases=[pulumi.Alias(name="crowd")]))
first = ConfigMap("first", metadata={"name": "first"})
ConfigMap(
    "second",
    data={"from": first.metadata.name},
    opts=pulumi.ResourceOptions(
        aliases=[
            "urn:pulumi:test::mlplatform::kubernetes:core/v1:ConfigMap::by-urn",
            pulumi.Alias(name="renamed"),
            pulumi.Alias(parent=group),
            pulumi.Alias(type_="kubernetes:core/v1:Old", stack="old", project="other"),
        ],
        custom_timeouts=pulumi.CustomTimeouts(create="10m", delete="1h"),
        delete_before_replace=False,
        deleted_with=first,
        depends_on=[group],
        ignore_changes=["data", "metadata.labels"],
        protect=True,
        provider=provider,
        replace_on_changes=["immutable"],
        retain_on_delete=True,
        version="4.30.0",
        additional_secret_outputs=["immutable"],
        hide_diffs=["data"],
    ),
)
ConfigMap("imported", opts=pulumi.ResourceOptions(import_="default/imported"))
found = ConfigMap.get("found", "kube-system/found")
pulumi.export("found", found.id)
