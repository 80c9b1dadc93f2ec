"""The network of an environment, as a Pulumi component."""

from collections.abc import Mapping
from typing import Final, NotRequired, TypedDict

import pulumi
import pulumi_gcp as gcp

from components.errors import ArgumentsError
from components.gcp import firewall, ranges
from components.gcp.facts import GcpEnvironment, GcpNetworkFacts
from components.gcp.names import node_tag
from components.keeping import keep, released

__all__ = ["GcpExistingNetworkArgs", "GcpNetwork", "GcpNetworkArgs", "existing_network"]

THING: Final = "network"

PODS: Final = "pods"
SERVICES: Final = "services"
"""Names of the subnet's secondary ranges."""

FLOW_SAMPLES: Final = 0.5
"""Part of the flows that is logged."""

LEAST_PORTS: Final = 64
MOST_PORTS: Final = 8192
"""Ports of NAT that one machine holds at least and at most: hundreds of machines share few addresses, and the few
that pull much take more."""


class GcpNetworkArgs(TypedDict):
    """Which network is wanted."""

    environment: GcpEnvironment
    """The environment that it belongs to."""
    project: pulumi.Input[str]
    """ID of the project, known once its services are enabled."""
    vpc_cidr: str
    """Addresses of machines, databases and the control plane's interfaces, in CIDR notation, ``/8`` to ``/22``."""
    pod_cidr: str
    """Addresses of pods, in CIDR notation."""
    service_cidr: str
    """Addresses of Kubernetes services, in CIDR notation."""
    nat_addresses: NotRequired[int]
    """Static addresses that the network is seen with from the internet; as many as are needed, which may change,
    where it is left out."""


class GcpExistingNetworkArgs(TypedDict):
    """A network that is there already."""

    environment: GcpEnvironment
    """The environment that uses it."""
    project: pulumi.Input[str]
    """ID of the environment's project, known once its services are enabled."""
    network: str
    """Name of the network."""
    subnetwork: str
    """Name of the subnet of machines."""
    pod_range: str
    """Name of the subnet's secondary range of pods."""
    service_range: str
    """Name of the subnet's secondary range of services."""
    control_plane_cidr: str
    """Addresses of the control plane's interfaces."""
    host_project: NotRequired[str]
    """Project of a Shared VPC; the environment's own where it is left out."""


def existing_network(args: GcpExistingNetworkArgs) -> GcpNetworkFacts:
    """Return the facts of a network that is there already, with private service access set up in it.

    No resource is made. Its owner answers for NAT, flow logs and firewall rules.
    """
    environment = args["environment"]
    owner = args.get("host_project", environment["project"])
    network = f"projects/{owner}/global/networks/{args['network']}"
    subnetwork = f"projects/{owner}/regions/{environment['region']}/subnetworks/{args['subnetwork']}"
    enabled = pulumi.Output.from_input(args["project"])
    return GcpNetworkFacts(
        network=enabled.apply(lambda _: network),
        subnetwork=enabled.apply(lambda _: subnetwork),
        pod_range=args["pod_range"],
        service_range=args["service_range"],
        control_plane_cidr=args["control_plane_cidr"],
        private_services=enabled.apply(lambda _: network),
    )


class GcpNetwork(pulumi.ComponentResource):
    """A network without a way in: machines have no addresses on the internet and reach it through NAT.

    One subnet holds the machines, with secondary ranges of pods and services; another the control plane's interfaces.
    Google's own services are reached privately, databases through private service access. Flows, refused connections,
    NAT's failures and name resolution are logged. It has no VPN, no peering of yours and no proxy.
    """

    network_id: pulumi.Output[str]
    """ID of the network."""
    subnetwork_id: pulumi.Output[str]
    """ID of the subnet of machines, known once they reach the internet."""
    nat_addresses: pulumi.Output[list[str]]
    """Static addresses that the network is seen with from the internet; empty where they may change."""

    def __init__(self, name: str, args: GcpNetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:GcpNetwork", name, {}, opts)
        self._name, self._environment, self._project = name, args["environment"], args["project"]
        given = {key: args[key] for key in ("vpc_cidr", "pod_cidr", "service_cidr")}
        if found := ranges.problems(**given):
            raise ArgumentsError(f"network {name}", found)
        parts = ranges.split(args["vpc_cidr"])
        self._network = gcp.compute.Network(
            f"{name}-network",
            name=self._environment["name"],
            project=self._project,
            auto_create_subnetworks=False,
            routing_mode="REGIONAL",
            deletion_policy=self._deletion_policy(),
            opts=self._keep(),
        )
        nodes = self._subnetwork(
            "nodes",
            str(parts.nodes),
            {PODS: args["pod_cidr"], SERVICES: args["service_cidr"]},
        )
        control_plane = self._subnetwork("control-plane", str(parts.control_plane), {})
        guarded = self._firewall()
        addresses = self._static_addresses(int(args.get("nat_addresses", 0)))
        nat = self._nat(nodes, addresses)
        connection = self._private_services(parts)
        self._log_name_resolution()

        self.network_id = pulumi.Output.all(self._network.id, *guarded).apply(_first)
        self.subnetwork_id = pulumi.Output.all(nodes.id, nat.id, *guarded).apply(_first)
        self.nat_addresses = pulumi.Output.all(*(each.address for each in addresses)).apply(list)
        self.facts = GcpNetworkFacts(
            network=self.network_id,
            subnetwork=self.subnetwork_id,
            pod_range=PODS,
            service_range=SERVICES,
            control_plane_cidr=str(parts.control_plane),
            control_plane_subnetwork=control_plane.id,
            private_services=pulumi.Output.all(self._network.id, connection.id).apply(_first),
        )
        self.register_outputs(
            {
                "networkId": self.network_id,
                "subnetworkId": self.subnetwork_id,
                "natAddresses": self.nat_addresses,
            }
        )

    def _keep(self) -> pulumi.ResourceOptions:
        return keep(self, THING, self._environment["let_go"])

    def _deletion_policy(self, after_release: str = "DELETE") -> str:
        return after_release if released(THING, self._environment["let_go"]) else "PREVENT"

    def _subnetwork(self, role: str, cidr: str, secondary: Mapping[str, str]) -> gcp.compute.Subnetwork:
        return gcp.compute.Subnetwork(
            f"{self._name}-{role}",
            name=f"{self._environment['name']}-{role}",
            project=self._project,
            region=self._environment["region"],
            network=self._network.id,
            ip_cidr_range=cidr,
            secondary_ip_ranges=[
                {"range_name": range_name, "ip_cidr_range": addresses} for range_name, addresses in secondary.items()
            ]
            or None,
            private_ip_google_access=True,
            stack_type="IPV4_ONLY",
            log_config={
                "aggregation_interval": "INTERVAL_1_MIN",
                "flow_sampling": FLOW_SAMPLES,
                "metadata": "INCLUDE_ALL_METADATA",
            },
            deletion_policy=self._deletion_policy(),
            opts=self._keep(),
        )

    def _firewall(self) -> list[pulumi.Output[str]]:
        return [
            gcp.compute.Firewall(
                f"{self._name}-{role}",
                name=f"{self._environment['name']}-{role}",
                project=self._project,
                network=self._network.id,
                opts=pulumi.ResourceOptions(parent=self),
                **rule,
            ).id
            for role, rule in firewall.rules(node_tag(self._environment["name"])).items()
        ]

    def _static_addresses(self, count: int) -> list[gcp.compute.Address]:
        return [
            gcp.compute.Address(
                f"{self._name}-nat-{number}",
                name=f"{self._environment['name']}-nat-{number}",
                project=self._project,
                region=self._environment["region"],
                address_type="EXTERNAL",
                labels=self._environment["resource_labels"],
                opts=self._keep(),
            )
            for number in range(1, count + 1)
        ]

    def _nat(self, nodes: gcp.compute.Subnetwork, addresses: list[gcp.compute.Address]) -> gcp.compute.RouterNat:
        router = gcp.compute.Router(
            f"{self._name}-router",
            name=self._environment["name"],
            project=self._project,
            region=self._environment["region"],
            network=self._network.id,
            opts=pulumi.ResourceOptions(parent=self),
        )
        return gcp.compute.RouterNat(
            f"{self._name}-nat",
            name=self._environment["name"],
            project=self._project,
            region=self._environment["region"],
            router=router.name,
            nat_ip_allocate_option="MANUAL_ONLY" if addresses else "AUTO_ONLY",
            nat_ips=[address.self_link for address in addresses] or None,
            source_subnetwork_ip_ranges_to_nat="LIST_OF_SUBNETWORKS",
            subnetworks=[{"name": nodes.id, "source_ip_ranges_to_nats": ["ALL_IP_RANGES"]}],
            enable_dynamic_port_allocation=True,
            enable_endpoint_independent_mapping=False,
            min_ports_per_vm=LEAST_PORTS,
            max_ports_per_vm=MOST_PORTS,
            log_config={"enable": True, "filter": "ERRORS_ONLY"},
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _private_services(self, parts: ranges.Ranges) -> gcp.servicenetworking.Connection:
        reserved = gcp.compute.GlobalAddress(
            f"{self._name}-private-services",
            name=f"{self._environment['name']}-private-services",
            project=self._project,
            network=self._network.id,
            purpose="VPC_PEERING",
            address_type="INTERNAL",
            address=str(parts.private_services.network_address),
            prefix_length=parts.private_services.prefixlen,
            labels=self._environment["resource_labels"],
            opts=self._keep(),
        )
        return gcp.servicenetworking.Connection(
            f"{self._name}-private-services",
            network=self._network.id,
            service="servicenetworking.googleapis.com",
            reserved_peering_ranges=[reserved.name],
            update_on_creation_fail=True,
            # Google frees what a deleted database used after days, in which the connection cannot be deleted.
            deletion_policy=self._deletion_policy("REMOVE_PEERING"),
            opts=self._keep(),
        )

    def _log_name_resolution(self) -> None:
        gcp.dns.Policy(
            f"{self._name}-dns",
            name=self._environment["name"],
            project=self._project,
            enable_logging=True,
            enable_inbound_forwarding=False,
            networks=[{"network_url": self._network.id}],
            opts=pulumi.ResourceOptions(parent=self),
        )


def _first(values: list[str]) -> str:
    return values[0]
