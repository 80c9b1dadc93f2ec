"""What only a provider can answer, by the configuration value ``case``."""

import pulumi
import pulumi_kubernetes as k8s

case = pulumi.Config().require("case")
if case == "unlisted":
    pulumi.runtime.invoke("aws:index/getRegion:getRegion", {})
if case == "listed":
    answer = pulumi.runtime.invoke("test:index:add", {"left": 2, "right": 3}).value
    pulumi.export("sum", answer["sum"])
if case == "yaml":
    k8s.yaml.ConfigGroup("group", yaml=["{apiVersion: v1, kind: ConfigMap, metadata: {name: from-yaml}, data: {a: b}}"])
if case == "stack-reference":
    pulumi.export("vpc", pulumi.StackReference("acme/network/prod").get_output("vpc"))
if case == "exists":
    pulumi.runtime.resource.exists_resource(None, "test:index:Thing", "id", {}, pulumi.ResourceOptions())
if case == "call":
    pulumi.runtime.call("test:index:Thing/method", {})
