"""The order in which an environment comes and goes: what is used goes after what uses it."""

from functools import cache

import pytest

from mlplatform.graph import Resource, ResourceGraph

CLUSTERS = ("aws:eks/cluster:Cluster", "gcp:container/cluster:Cluster")


class Order:
    """Which resources have to exist before another one: its dependencies, its provider, its parents."""

    def __init__(self, graph: ResourceGraph) -> None:
        self.graph = graph
        self.before = cache(self._before)

    def _before(self, urn: str) -> frozenset[str]:
        resource = self.graph.by_urn[urn]
        near = {*resource.dependencies, *filter(None, [resource.provider])} & self.graph.by_urn.keys()
        return frozenset(near).union(*(self.before(each) for each in near))

    def follows(self, later: Resource, earlier: Resource) -> bool:
        """Tell whether ``later`` is made after ``earlier``, and so goes before it."""
        return earlier.urn in self.before(later.urn)


def of(graph: ResourceGraph, suffix: str) -> list[Resource]:
    found = [each for each in graph.resources if each.type.endswith(suffix)]
    assert found, suffix
    return found


@pytest.mark.parametrize("name", ["aws-dev", "aws-prod"])
def test_on_aws_pools_are_drained_before_karpenter_and_its_nodes_go(evaluations, name):
    graph = evaluations[name].filled
    order = Order(graph)
    (cluster,) = of(graph, "eks/cluster:Cluster")
    releases = {each.inputs["name"]: each for each in of(graph, "helm.sh/v3:Release")}
    chain = [
        *of(graph, "karpenter.sh/v1:NodePool")[:1],
        *of(graph, "karpenter.k8s.aws/v1:EC2NodeClass")[:1],
        releases["karpenter"],
        releases["karpenter-crd"],
    ]
    for pool in of(graph, "karpenter.sh/v1:NodePool"):
        for earlier in chain[1:]:
            if earlier.short_type != "EC2NodeClass":
                assert order.follows(pool, earlier), f"{pool.name} after {earlier.name}"
    (nodes, *_) = of(graph, "eks/nodeGroup:NodeGroup")
    assert order.follows(releases["karpenter"], nodes)
    assert order.follows(nodes, cluster)
    for subnet in of(graph, "ec2/subnet:Subnet"):
        if "private" in subnet.name:
            assert order.follows(nodes, subnet)
    for gateway in of(graph, "ec2/natGateway:NatGateway"):
        assert order.follows(nodes, gateway), "machines that go still reach what they report to"


@pytest.mark.parametrize("name", ["aws-dev", "aws-prod"])
def test_on_aws_whoever_reports_to_the_topic_comes_after_it_takes_reports(evaluations, name):
    graph = evaluations[name].filled
    order = Order(graph)
    (policy,) = of(graph, "sns/topicPolicy:TopicPolicy")
    # RDS tries a topic when it is subscribed to, and refuses one that is not there or that it cannot write to.
    for kind in (
        "rds/eventSubscription:EventSubscription",
        "cloudwatch/metricAlarm:MetricAlarm",
        "budgets/budget:Budget",
    ):
        for each in of(graph, kind):
            assert order.follows(each, policy), each.name


@pytest.mark.parametrize("name", ["gcp-dev", "gcp-prod"])
def test_on_google_cloud_pools_go_before_the_cluster_and_it_before_the_network(evaluations, name):
    graph = evaluations[name].filled
    order = Order(graph)
    (cluster,) = of(graph, "container/cluster:Cluster")
    for pool in [*of(graph, "container/nodePool:NodePool"), *of(graph, "cloud.google.com/v1:ComputeClass")]:
        assert order.follows(pool, cluster), pool.name
    for network in of(graph, "compute/network:Network"):
        assert order.follows(cluster, network)
    for gateway in of(graph, "compute/routerNat:RouterNat"):
        assert order.follows(cluster, gateway), "machines that go still reach what they report to"


@pytest.mark.parametrize("name", ["aws-dev", "aws-prod", "gcp-dev", "gcp-prod"])
def test_objects_in_the_cluster_go_before_it_and_before_the_rights_to_it(evaluations, name):
    graph = evaluations[name].filled
    order = Order(graph)
    (cluster,) = [
        each for each in graph.resources if each.type in {"aws:eks/cluster:Cluster", "gcp:container/cluster:Cluster"}
    ]
    entries = [
        each for each in graph.resources if each.type.endswith(":AccessPolicyAssociation") and "AwsCluster$" in each.urn
    ]
    objects = [each for each in graph.resources if each.type.startswith("kubernetes:")]
    assert len(objects) > 40
    for each in objects:
        assert order.follows(each, cluster), each.urn
        for entry in entries:
            assert order.follows(each, entry), f"{each.urn} after {entry.name}"
