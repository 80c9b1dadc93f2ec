"""``count`` resources as a platform has them: a component per service with identity, rights, settings and workload."""

import pulumi
from pulumi_kubernetes.apps.v1 import Deployment
from pulumi_kubernetes.batch.v1 import Job
from pulumi_kubernetes.core.v1 import ConfigMap, Service, ServiceAccount
from pulumi_kubernetes.rbac.v1 import Role, RoleBinding

PER_SERVICE = 8


def pod(name: str, account: pulumi.Input[str], settings: pulumi.Input[str]) -> dict:
    return {
        "service_account_name": account,
        "security_context": {"run_as_non_root": True, "seccomp_profile": {"type": "RuntimeDefault"}},
        "containers": [
            {
                "name": name,
                "image": f"registry.internal/{name}:1.0.0",
                "args": ["--port", "8080"],
                "env": [
                    {"name": "MODEL", "value": name},
                    {"name": "NODE", "value_from": {"field_ref": {"field_path": "spec.nodeName"}}},
                ],
                "env_from": [{"config_map_ref": {"name": settings}}],
                "ports": [{"name": "http", "container_port": 8080}],
                "resources": {"requests": {"cpu": "1", "memory": "2Gi"}, "limits": {"memory": "2Gi"}},
                "security_context": {"allow_privilege_escalation": False, "capabilities": {"drop": ["ALL"]}},
            }
        ],
    }


class Model(pulumi.ComponentResource):
    """One model: a web service and a batch job that share an identity."""

    def __init__(self, name: str) -> None:
        super().__init__("bench:index:Model", name)
        mine = pulumi.ResourceOptions(parent=self)
        labels = {"app.kubernetes.io/name": name}
        metadata = {"name": name, "namespace": "models", "labels": labels}
        account = ServiceAccount(f"{name}-account", metadata=metadata, automount_service_account_token=False, opts=mine)
        settings = ConfigMap(f"{name}-settings", metadata=metadata, data={"MODEL_VERSION": "1"}, opts=mine)
        role = Role(
            f"{name}-role",
            metadata=metadata,
            rules=[{"api_groups": [""], "resources": ["configmaps"], "verbs": ["get", "list"]}],
            opts=mine,
        )
        RoleBinding(
            f"{name}-binding",
            metadata=metadata,
            role_ref={"api_group": "rbac.authorization.k8s.io", "kind": "Role", "name": role.metadata.name},
            subjects=[{"kind": "ServiceAccount", "name": account.metadata.name, "namespace": "models"}],
            opts=mine,
        )
        template = pod(name, account.metadata.name, settings.metadata.name)
        Deployment(
            f"{name}-server",
            metadata=metadata,
            spec={
                "replicas": 2,
                "selector": {"match_labels": labels},
                "template": {"metadata": {"labels": labels}, "spec": template},
            },
            opts=mine,
        )
        Job(
            f"{name}-scoring",
            metadata=metadata,
            spec={
                "completions": 100,
                "parallelism": 100,
                "completion_mode": "Indexed",
                "template": {"metadata": {"labels": labels}, "spec": {**template, "restart_policy": "Never"}},
            },
            opts=mine,
        )
        service = Service(
            f"{name}-service",
            metadata=metadata,
            spec={"selector": labels, "ports": [{"port": 80, "target_port": "http"}]},
            opts=mine,
        )
        self.register_outputs({"address": service.metadata.name})


for number in range(pulumi.Config().require_int("count") // PER_SERVICE):
    Model(f"model-{number:05}")
