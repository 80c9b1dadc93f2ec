"""A cluster's objects in the program that makes the cluster."""

import pulumi
import pulumi_kubernetes as k8s
from pulumi_kubernetes.core.v1 import ConfigMap, Namespace
from pulumi_random import RandomString

cluster = RandomString("cluster", length=8)
provider = k8s.Provider("inside", kubeconfig=cluster.result)
namespace = Namespace("models", metadata={"name": "models"}, opts=pulumi.ResourceOptions(provider=provider))
ConfigMap("inside", metadata={"namespace": namespace.metadata.name}, opts=pulumi.ResourceOptions(provider=provider))
