"""The virtual network of an environment, as a Pulumi component."""

from collections.abc import Mapping, Sequence
from typing import NotRequired, TypedDict

import pulumi
import pulumi_aws as aws

from components.aws.facts import AwsEnvironment, AwsNetworkFacts
from components.aws.flow_logs import flow_log
from components.aws.names import tags
from components.aws.network_endpoints import interface_endpoints, storage_endpoint, wanted_endpoints
from components.aws.outputs import ready
from components.aws.subnets import ZoneSubnets, prefix_reservations, problems, subnets
from components.errors import ArgumentsError
from components.keeping import keep

__all__ = ["AwsNetwork", "AwsNetworkArgs"]

EVERYWHERE = "0.0.0.0/0"

LOAD_BALANCER_TAG = "kubernetes.io/role/elb"
"""Tag of the subnets for internet-facing load balancers of Services. The platform makes none."""

INTERNAL_LOAD_BALANCER_TAG = "kubernetes.io/role/internal-elb"
"""Tag of the subnets for internal load balancers of Services. The platform makes none."""


class AwsNetworkArgs(TypedDict):
    """Which network is wanted."""

    environment: AwsEnvironment
    """Where it is. A zone that is added later must be appended: a zone's place decides its addresses."""
    vpc_cidr: str
    """Addresses of machines, load balancers and databases: from /16 to /22."""
    pod_cidr: str
    """Addresses of pods: from /16 to /26, outside ``vpc_cidr``, best in 100.64.0.0/10."""
    nat_per_zone: bool
    """Whether each zone has a NAT gateway of its own; all share the first zone's where it is false."""
    flow_logs_destination: pulumi.Input[str]
    """ARN of the bucket, with a prefix, that takes the flow logs: ``AwsAuditLogsFacts.flow_logs_destination``."""
    endpoints: NotRequired[Sequence[str]]
    """Services of ``components.aws.endpoints.ENDPOINTS`` with an interface in the network; all where it is left out.
    The others are reached through NAT."""
    endpoints_per_zone: NotRequired[bool]
    """Whether each endpoint has an interface in every zone, which is paid by the hour; it has, where it is left out.
    Otherwise it has one in the first zone."""
    readable_buckets: NotRequired[Sequence[str]]
    """Names of buckets of others in the region that may be read through the endpoint of S3, such as those of open
    data. Of its own account's buckets, those that begin with the environment's name are reached."""


class AwsNetwork(pulumi.ComponentResource):
    """A VPC with private, public and intra subnets in each zone, and subnets for pods from a second range.

    Machines and pods reach the internet through NAT alone, and most of AWS and all buckets of the region without the
    internet. Nothing in it gets a public address by itself. The default security group is emptied; the default network
    ACL is left as it is, since security groups and network policies say what may pass. It holds no security group of
    machines: that is the cluster's.
    """

    vpc_id: pulumi.Output[str]
    """ID of the VPC."""
    egress_addresses: pulumi.Output[Sequence[str]]
    """Public addresses of the NAT gateways, from which machines and pods are seen to come."""
    private_subnets: pulumi.Output[Mapping[str, str]]
    """IDs of the subnets of machines, by zone."""
    intra_subnets: pulumi.Output[Mapping[str, str]]
    """IDs of the subnets that reach nothing outside the VPC, by zone."""
    pod_subnets: pulumi.Output[Mapping[str, str]]
    """IDs of the subnets of pods, by zone."""

    def __init__(self, name: str, args: AwsNetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:AwsNetwork", name, {}, opts)
        self._environment = environment = args["environment"]
        vpc_cidr, pod_cidr, zones = args["vpc_cidr"], args["pod_cidr"], environment["zones"]
        services, unknown = wanted_endpoints(args.get("endpoints"))
        if found := [*problems(vpc_cidr, pod_cidr, zones), *unknown]:
            raise ArgumentsError(f"network {name}", found)
        self._name = name
        self._children = pulumi.ResourceOptions(parent=self)
        self._plan = plan = subnets(vpc_cidr, pod_cidr, zones)
        self._vpc_id = self._vpc(vpc_cidr)
        pod_vpc_id = self._pod_range(pod_cidr)

        public, public_routes = self._public_subnets()
        nat = self._nat_gateways(zones if args["nat_per_zone"] else zones[:1], public, public_routes)
        tables = {zone: self._route_table(f"private-{zone}") for zone in plan}
        routes = {
            zone: self._route(f"private-{zone}", table, nat_gateway_id=nat.get(zone, nat[zones[0]]))
            for zone, table in tables.items()
        }
        intra_table = self._route_table("intra")
        storage = storage_endpoint(
            self,
            name,
            environment,
            vpc_id=self._vpc_id,
            route_table_ids=[*tables.values(), intra_table],
            readable_buckets=args.get("readable_buckets", ()),
        )
        private, pods, intra = self._inner_subnets(tables, routes, intra_table, pod_vpc_id, storage)
        interface_endpoints(
            self,
            name,
            environment,
            services=services,
            vpc_id=self._vpc_id,
            ranges={"machines": vpc_cidr, "pods": pod_cidr},
            subnet_ids=list(intra.values()) if args.get("endpoints_per_zone", True) else [intra[zones[0]]],
        )
        flow_log(
            self,
            f"{name}-flow-logs",
            environment,
            vpc_id=self._vpc_id,
            destination=args["flow_logs_destination"],
        )
        self.facts = AwsNetworkFacts(
            vpc_id=self._vpc_id,
            vpc_cidr=vpc_cidr,
            pod_cidr=pod_cidr,
            private_subnets=private,
            intra_subnets=intra,
            pod_subnets=pods,
            intra_cidrs=[zone.intra for zone in plan.values()],
        )
        self.nat_gateways: Mapping[str, pulumi.Output[str]] = nat
        self.vpc_id = self._vpc_id
        self.private_subnets = pulumi.Output.all(**private)
        self.intra_subnets = pulumi.Output.all(**intra)
        self.pod_subnets = pulumi.Output.all(**pods)
        self.register_outputs(
            {
                "vpcId": self.vpc_id,
                "egressAddresses": self.egress_addresses,
                "privateSubnets": self.private_subnets,
                "intraSubnets": self.intra_subnets,
                "podSubnets": self.pod_subnets,
            }
        )

    def _kept(self) -> pulumi.ResourceOptions:
        return keep(self, "network", self._environment["let_go"])

    def _tags(self, role: str, further: Mapping[str, str] | None = None) -> dict[str, str]:
        return tags(self._environment, f"{self._environment['name']}-{role}", **(further or {}))

    def _vpc(self, cidr: str) -> pulumi.Output[str]:
        vpc = aws.ec2.Vpc(
            f"{self._name}-vpc",
            cidr_block=cidr,
            enable_dns_hostnames=True,
            enable_dns_support=True,
            enable_network_address_usage_metrics=True,
            tags=tags(self._environment, self._environment["name"]),
            opts=self._kept(),
        )
        aws.ec2.DefaultSecurityGroup(
            f"{self._name}-default-security-group", vpc_id=vpc.id, tags=self._tags("default"), opts=self._children
        )
        return vpc.id

    def _pod_range(self, cidr: str) -> pulumi.Output[str]:
        """Add the range of pods to the VPC; return the VPC's ID, known once that is done."""
        association = aws.ec2.VpcIpv4CidrBlockAssociation(
            f"{self._name}-pod-range", vpc_id=self._vpc_id, cidr_block=cidr, opts=self._kept()
        )
        return association.vpc_id

    def _subnet(
        self, role: str, zone: str, cidr: str, vpc_id: pulumi.Input[str], further: Mapping[str, str] | None = None
    ) -> aws.ec2.Subnet:
        return aws.ec2.Subnet(
            f"{self._name}-{role}-{zone}",
            vpc_id=vpc_id,
            cidr_block=cidr,
            availability_zone=zone,
            map_public_ip_on_launch=False,
            tags=self._tags(f"{role}-{zone}", further),
            opts=self._kept(),
        )

    def _route_table(self, role: str) -> pulumi.Output[str]:
        return aws.ec2.RouteTable(
            f"{self._name}-{role}", vpc_id=self._vpc_id, tags=self._tags(role), opts=self._children
        ).id

    def _route(
        self,
        role: str,
        table: pulumi.Input[str],
        *,
        nat_gateway_id: pulumi.Input[str] | None = None,
        gateway_id: pulumi.Input[str] | None = None,
    ) -> pulumi.Output[str]:
        """Lead everything that is not the VPC's to one of the gateways."""
        return aws.ec2.Route(
            f"{self._name}-{role}-internet",
            route_table_id=table,
            destination_cidr_block=EVERYWHERE,
            nat_gateway_id=nat_gateway_id,
            gateway_id=gateway_id,
            opts=self._children,
        ).id

    def _associate(self, role: str, subnet: aws.ec2.Subnet, table: pulumi.Input[str]) -> pulumi.Output[str]:
        return aws.ec2.RouteTableAssociation(
            f"{self._name}-{role}", subnet_id=subnet.id, route_table_id=table, opts=self._children
        ).id

    def _public_subnets(self) -> tuple[dict[str, pulumi.Output[str]], pulumi.Output[str]]:
        """Return the IDs of the public subnets by zone, and what is known once the internet is reached from them."""
        gateway = aws.ec2.InternetGateway(
            f"{self._name}-internet", vpc_id=self._vpc_id, tags=self._tags("internet"), opts=self._children
        )
        table = self._route_table("public")
        route = self._route("public", table, gateway_id=gateway.id)
        found = {}
        for zone, ranges in self._plan.items():
            subnet = self._subnet("public", zone, ranges.public, self._vpc_id, {LOAD_BALANCER_TAG: "1"})
            found[zone] = ready(subnet.id, self._associate(f"public-{zone}-routes", subnet, table), route)
        return found, route

    def _nat_gateways(
        self, zones: Sequence[str], public: Mapping[str, pulumi.Output[str]], internet: pulumi.Output[str]
    ) -> dict[str, pulumi.Output[str]]:
        found = {}
        addresses = []
        for zone in zones:
            address = aws.ec2.Eip(
                f"{self._name}-nat-{zone}-address", domain="vpc", tags=self._tags(f"nat-{zone}"), opts=self._children
            )
            addresses.append(address.public_ip)
            found[zone] = aws.ec2.NatGateway(
                f"{self._name}-nat-{zone}",
                allocation_id=ready(address.id, internet),
                subnet_id=public[zone],
                connectivity_type="public",
                tags=self._tags(f"nat-{zone}"),
                opts=self._children,
            ).id
        self.egress_addresses = pulumi.Output.all(*addresses)
        return found

    def _inner_subnets(
        self,
        tables: Mapping[str, pulumi.Output[str]],
        routes: Mapping[str, pulumi.Output[str]],
        intra_table: pulumi.Output[str],
        pod_vpc_id: pulumi.Output[str],
        storage: pulumi.Output[str],
    ) -> tuple[dict[str, pulumi.Output[str]], dict[str, pulumi.Output[str]], dict[str, pulumi.Output[str]]]:
        """Return the IDs of the private, the pods' and the intra subnets by zone, known once their routes exist."""
        private, pods, intra = {}, {}, {}
        of_machines = {INTERNAL_LOAD_BALANCER_TAG: "1"}
        for zone, ranges in self._plan.items():
            machines = self._subnet("private", zone, ranges.private, self._vpc_id, of_machines)
            routed = self._associate(f"private-{zone}-routes", machines, tables[zone])
            private[zone] = ready(machines.id, routed, routes[zone], storage)
            pods[zone] = self._pod_subnet(zone, ranges, pod_vpc_id, tables[zone], (routes[zone], storage))
            inside = self._subnet("intra", zone, ranges.intra, self._vpc_id)
            intra[zone] = ready(inside.id, self._associate(f"intra-{zone}-routes", inside, intra_table), storage)
        return private, pods, intra

    def _pod_subnet(
        self,
        zone: str,
        ranges: ZoneSubnets,
        vpc_id: pulumi.Output[str],
        table: pulumi.Output[str],
        after: Sequence[pulumi.Output[str]],
    ) -> pulumi.Output[str]:
        subnet = self._subnet("pods", zone, ranges.pods, vpc_id)
        routed = self._associate(f"pods-{zone}-routes", subnet, table)
        reserved = [
            aws.ec2.SubnetCidrReservation(
                f"{self._name}-pods-{zone}-prefixes-{part}",
                subnet_id=subnet.id,
                cidr_block=cidr,
                reservation_type="prefix",
                description="Prefixes of machines",
                opts=self._children,
            ).id
            for part, cidr in zip(("quarter", "half"), prefix_reservations(ranges.pods), strict=False)
        ]
        return ready(subnet.id, routed, *after, *reserved)
