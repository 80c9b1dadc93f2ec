"""Transforms of a resource, of its parent and of the stack, in the engine's order."""

import pulumi
import pulumi_kubernetes as k8s
from pulumi_kubernetes.core.v1 import ConfigMap


def adding(step: str):
    def transform(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
        if args.type_ != "kubernetes:core/v1:ConfigMap":
            return None
        trace = args.props.get("data", {}).get("trace", "")
        data = {**args.props.get("data", {}), "trace": f"{trace}{step},"}
        return pulumi.ResourceTransformResult(props={**args.props, "data": data}, opts=args.opts)

    return transform


async def protecting(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
    if args.name != "group-inner":
        return None
    opts = pulumi.ResourceOptions.merge(args.opts, pulumi.ResourceOptions(protect=True))
    return pulumi.ResourceTransformResult(props=args.props, opts=opts)


class Group(pulumi.ComponentResource):
    def __init__(self, name: str) -> None:
        super().__init__("mlplatform:index:Group", name, None, pulumi.ResourceOptions(transforms=[adding("parent")]))
        own = pulumi.ResourceOptions(parent=self, transforms=[adding("own"), protecting], ignore_changes=["data"])
        ConfigMap(f"{name}-inner", data={"a": "1"}, opts=own)
        self.register_outputs({})


def louder(args: pulumi.InvokeTransformArgs) -> pulumi.InvokeTransformResult:
    return pulumi.InvokeTransformResult(args={**args.args, "text": args.args["text"].upper()}, opts=args.opts)


pulumi.runtime.register_stack_transform(adding("stack"))
pulumi.runtime.register_invoke_transform(louder)
Group("group")
ConfigMap("outer", data={"a": "1"})
pulumi.export("said", pulumi.runtime.invoke("test:index:echo", {"text": "hello"}).value["text"])
assert k8s
