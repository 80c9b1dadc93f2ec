"""Everything that could make two evaluations differ."""

import json

import pulumi
from pulumi_kubernetes.core.v1 import ConfigMap, ServiceAccount
from pulumi_kubernetes.rbac.v1 import Role

accounts = {name: ServiceAccount(name, metadata={"name": name}) for name in {f"account-{n}" for n in range(12)}}
everyone = ConfigMap(
    "everyone",
    data={name: account.metadata.uid for name, account in accounts.items()},
    opts=pulumi.ResourceOptions(depends_on=list(set(accounts.values()))),
)


def later(data: dict) -> None:
    ConfigMap("as-text", data={"text": json.dumps(data)})
    for name in data:
        Role(f"{name}-role", rules=[{"api_groups": [""], "resources": [name], "verbs": ["get"]}])


everyone.data.apply(later)
pulumi.export("text", pulumi.Output.json_dumps({name: account.id for name, account in sorted(accounts.items())}))
