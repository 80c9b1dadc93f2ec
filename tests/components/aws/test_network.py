"""The virtual network: what is private, what reaches what, and what waits for what."""

from typing import Any

import pytest

from components.aws.existing_network import existing_network
from components.aws.existing_network import problems as existing_problems
from components.aws.subnets import subnets
from components.errors import ArgumentsError
from mlplatform.graph import Evaluation, EvaluationError, Resource
from tests.support.components import AWS_ENVIRONMENT, AWS_NETWORK, evaluate_component, evaluate_program, of_type, only
from tests.support.iam import documents, faults

COMPONENT = "components.aws.network:AwsNetwork"
ZONES = AWS_ENVIRONMENT["zones"]
DESTINATION = "arn:aws:s3:::mlp-test-audit-logs-111122223333/flow-logs/"


def arguments(**changes: Any) -> dict[str, Any]:
    return {
        "environment": AWS_ENVIRONMENT,
        "vpc_cidr": "10.64.0.0/16",
        "pod_cidr": "100.64.0.0/16",
        "nat_per_zone": True,
        "flow_logs_destination": DESTINATION,
        **changes,
    }


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    program = """
    import pulumi_aws as aws
    from components.aws.network import AwsNetwork

    network = AwsNetwork("it", given["args"])
    pulumi.export("facts", network.facts)
    for role in ("private", "intra", "pod"):
        for zone, subnet in network.facts[f"{role}_subnets"].items():
            aws.ec2.NetworkInterface(f"user-{role}-{zone}", subnet_id=subnet)
    """
    return evaluate_program(tmp_path_factory.mktemp("network"), program, args=arguments())


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    args = arguments(
        environment={**AWS_ENVIRONMENT, "zones": ZONES[:2], "let_go": ["network"]},
        nat_per_zone=False,
        endpoints=["sts", "ecr.dkr"],
        endpoints_per_zone=False,
        readable_buckets=["open-data"],
    )
    return evaluate_component(tmp_path_factory.mktemp("small"), COMPONENT, args)


def _subnets(made: Evaluation, role: str) -> dict[str, Resource]:
    found = of_type(made, "ec2/subnet:Subnet")
    return {zone: found[f"it-{role}-{zone}"] for zone in ZONES if f"it-{role}-{zone}" in found}


def _default_routes(made: Evaluation) -> dict[str, dict[str, Any]]:
    return {name: dict(each.inputs) for name, each in of_type(made, "ec2/route:Route").items()}


def _table_of(made: Evaluation, subnet: Resource) -> str:
    associations = of_type(made, "RouteTableAssociation").values()
    (table,) = [each.inputs["routeTableId"] for each in associations if each.inputs["subnetId"] == subnet.outputs["id"]]
    return str(table)


def _routes_of(made: Evaluation, subnet: Resource) -> list[dict[str, Any]]:
    table = _table_of(made, subnet)
    return [each for each in _default_routes(made).values() if each["routeTableId"] == table]


def test_every_zone_has_the_planned_subnets_and_none_gives_public_addresses(made: Evaluation) -> None:
    plan = subnets("10.64.0.0/16", "100.64.0.0/16", ZONES)
    assert len(of_type(made, "ec2/subnet:Subnet")) == 4 * len(ZONES)
    for zone in ZONES:
        for role in ("private", "public", "intra", "pods"):
            subnet = _subnets(made, role)[zone].inputs
            assert subnet["cidrBlock"] == getattr(plan[zone], role)
            assert subnet["availabilityZone"] == zone
            assert subnet["mapPublicIpOnLaunch"] is False
    assert made.outputs["facts"]["intra_cidrs"] == [plan[zone].intra for zone in ZONES]


def test_machines_and_pods_leave_through_the_nat_gateway_of_their_zone(made: Evaluation) -> None:
    gateways = of_type(made, "natGateway:NatGateway")
    for zone in ZONES:
        gateway = gateways[f"it-nat-{zone}"]
        assert gateway.inputs["subnetId"] == _subnets(made, "public")[zone].outputs["id"]
        assert gateway.inputs["allocationId"] == of_type(made, "eip:Eip")[f"it-nat-{zone}-address"].outputs["id"]
        for role in ("private", "pods"):
            (route,) = _routes_of(made, _subnets(made, role)[zone])
            assert route["natGatewayId"] == gateway.outputs["id"]
            assert route["destinationCidrBlock"] == "0.0.0.0/0"
            assert "gatewayId" not in route


def test_one_gateway_serves_all_zones_where_that_is_enough(small: Evaluation) -> None:
    gateway = only(small, "natGateway:NatGateway")
    assert gateway.inputs["subnetId"] == _subnets(small, "public")[ZONES[0]].outputs["id"]
    tables = {_table_of(small, _subnets(small, "private")[zone]) for zone in ZONES[:2]}
    # Each zone has a table of its own all the same, so that a gateway each is only a change of routes.
    assert len(tables) == 2
    nat = [each for each in _default_routes(small).values() if "natGatewayId" in each]
    assert {each["routeTableId"] for each in nat} == tables
    assert {each["natGatewayId"] for each in nat} == {gateway.outputs["id"]}


def test_intra_subnets_reach_nothing_outside_and_public_ones_the_internet(made: Evaluation) -> None:
    gateway = only(made, "internetGateway:InternetGateway")
    for zone in ZONES:
        assert _routes_of(made, _subnets(made, "intra")[zone]) == []
        (route,) = _routes_of(made, _subnets(made, "public")[zone])
        assert route["gatewayId"] == gateway.outputs["id"]


def test_default_security_group_admits_nothing(made: Evaluation) -> None:
    group = only(made, "DefaultSecurityGroup")
    assert group.inputs["vpcId"] == only(made, "vpc:Vpc").outputs["id"]
    assert not group.inputs.get("ingress")
    assert not group.inputs.get("egress")


def test_load_balancers_find_their_subnets(made: Evaluation) -> None:
    for zone in ZONES:
        tags = {role: _subnets(made, role)[zone].inputs["tags"] for role in ("private", "public", "intra", "pods")}
        with_elb = [role for role, each in tags.items() if each.get("kubernetes.io/role/elb") == "1"]
        with_internal = [role for role, each in tags.items() if each.get("kubernetes.io/role/internal-elb") == "1"]
        assert (with_elb, with_internal) == (["public"], ["private"])
        assert all(each["owner"] == "ml-platform" for each in tags.values())


def test_all_connections_are_recorded_hourly(made: Evaluation) -> None:
    log = only(made, "flowLog:FlowLog").inputs
    assert log["vpcId"] == only(made, "vpc:Vpc").outputs["id"]
    assert log["trafficType"] == "ALL"
    assert log["logDestinationType"] == "s3"
    assert log["logDestination"] == DESTINATION
    assert log["destinationOptions"] == {
        "fileFormat": "parquet",
        "hiveCompatiblePartitions": True,
        "perHourPartition": True,
    }
    assert log["logFormat"].split()[:2] == ["${version}", "${account-id}"]
    assert {"${pkt-srcaddr}", "${pkt-dstaddr}", "${flow-direction}"} <= set(log["logFormat"].split())


def test_buckets_are_reached_without_the_internet_from_everywhere_inside(made: Evaluation) -> None:
    endpoint = of_type(made, "VpcEndpoint")["it-s3"].inputs
    assert endpoint["vpcEndpointType"] == "Gateway"
    assert endpoint["serviceName"] == "com.amazonaws.eu-west-1.s3"
    inside = {
        _table_of(made, subnet) for role in ("private", "pods", "intra") for subnet in _subnets(made, role).values()
    }
    assert set(endpoint["routeTableIds"]) == inside


def test_services_have_private_interfaces_in_every_zone(made: Evaluation) -> None:
    endpoints = {name: each.inputs for name, each in of_type(made, "VpcEndpoint").items() if name != "it-s3"}
    needed = {"ecr.api", "ecr.dkr", "sts", "ec2", "logs", "eks", "eks-auth", "sqs", "ssm", "secretsmanager", "kms"}
    assert {f"com.amazonaws.eu-west-1.{service}" for service in needed} <= {
        each["serviceName"] for each in endpoints.values()
    }
    group = only(made, "ec2/securityGroup:SecurityGroup")
    for each in endpoints.values():
        assert each["vpcEndpointType"] == "Interface"
        assert each["privateDnsEnabled"] is True
        assert each["subnetIds"] == [subnet.outputs["id"] for subnet in _subnets(made, "intra").values()]
        assert each["securityGroupIds"] == [group.outputs["id"]]
    rules = [each.inputs for each in of_type(made, "SecurityGroupIngressRule").values()]
    assert {(each["cidrIpv4"], each["fromPort"], each["toPort"], each["ipProtocol"]) for each in rules} == {
        ("10.64.0.0/16", 443, 443, "tcp"),
        ("100.64.0.0/16", 443, 443, "tcp"),
    }
    assert of_type(made, "SecurityGroupEgressRule") == {}


def test_endpoints_can_be_few_and_in_one_zone(small: Evaluation) -> None:
    endpoints = {name: each.inputs for name, each in of_type(small, "VpcEndpoint").items() if name != "it-s3"}
    assert sorted(endpoints) == ["it-ecr.dkr", "it-sts"]
    for each in endpoints.values():
        assert each["subnetIds"] == [_subnets(small, "intra")[ZONES[0]].outputs["id"]]


def test_endpoints_let_data_into_the_account_only(made: Evaluation, small: Evaluation) -> None:
    policies = {each.resource.name: each for each in documents(made.filled)}
    assert sorted(policies) == ["it-ecr.api", "it-ecr.dkr", "it-s3", "it-secretsmanager", "it-sqs", "it-sts"]
    assert faults(made.filled) == faults(small.filled) == []
    storage = {each["Sid"]: each for each in policies["it-s3"].statements}
    writes = [sid for sid, each in storage.items() if "s3:PutObject" in each["Action"]]
    assert writes == ["BucketsOfEnvironment"]
    assert storage["BucketsOfEnvironment"]["Condition"] == {"StringEquals": {"aws:ResourceAccount": "111122223333"}}
    # Layers of images are in a bucket of AWS, and add-ons of EKS in registries of AWS.
    published = storage["ObjectsOfOthers"]["Resource"]
    assert "arn:aws:s3:::prod-eu-west-1-starport-layer-bucket/*" in published
    # The runner of CI starts in the network, and fetches its agent there.
    assert "arn:aws:s3:::codefactory-eu-west-1-prod-default-build-agent-executor/*" in published
    images = {each["Sid"]: each for each in policies["it-ecr.dkr"].statements}
    assert images["ImagesOfAnybody"]["Resource"] == ["arn:aws:ecr:eu-west-1:*:repository/*"]
    assert "ecr:PutImage" not in images["ImagesOfAnybody"]["Action"]
    pushes = [each for each in images.values() if "ecr:PutImage" in each["Action"]]
    assert [each["Resource"] for each in pushes] == [["arn:aws:ecr:eu-west-1:111122223333:repository/*"]]
    read = {each["Sid"]: each for each in documents(small.filled)[0].statements}
    assert "arn:aws:s3:::open-data/*" in read["ObjectsOfOthers"]["Resource"]
    assert read["ListsOfOthers"]["Resource"] == ["arn:aws:s3:::open-data"]


def test_whatever_is_put_into_a_subnet_waits_for_its_routes(made: Evaluation) -> None:
    users = of_type(made, "NetworkInterface")
    routes, associations = of_type(made, "ec2/route:Route"), of_type(made, "RouteTableAssociation")
    storage = of_type(made, "VpcEndpoint")["it-s3"].urn
    for zone in ZONES:
        leads_out = routes[f"it-private-{zone}-internet"].urn
        waits = {role: set(users[f"user-{role}-{zone}"].dependencies) for role in ("private", "pod", "intra")}
        assert {associations[f"it-private-{zone}-routes"].urn, leads_out, storage} <= waits["private"]
        assert {associations[f"it-pods-{zone}-routes"].urn, leads_out, storage} <= waits["pod"]
        assert associations[f"it-intra-{zone}-routes"].urn in waits["intra"]
        assert only(made, "CidrBlockAssociation").urn in _subnets(made, "pods")[zone].dependencies
        gateway = of_type(made, "natGateway:NatGateway")[f"it-nat-{zone}"]
        assert routes["it-public-internet"].urn in gateway.dependencies


def test_prefixes_for_pods_have_most_of_their_subnets(made: Evaluation) -> None:
    reservations = [each.inputs for each in of_type(made, "SubnetCidrReservation").values()]
    of_first = [each for each in reservations if each["subnetId"] == _subnets(made, "pods")[ZONES[0]].outputs["id"]]
    assert [each["cidrBlock"] for each in of_first] == ["100.64.32.0/19", "100.64.16.0/20"]
    assert {each["reservationType"] for each in reservations} == {"prefix"}


def test_the_network_stays_until_it_is_let_go(made: Evaluation, small: Evaluation) -> None:
    kept = ("vpc:Vpc", "ec2/subnet:Subnet", "CidrBlockAssociation")
    for suffix in kept:
        for each in of_type(made, suffix).values():
            assert each.options.protect
            assert each.options.retain_on_delete
        for each in of_type(small, suffix).values():
            assert not each.options.protect
            assert not each.options.retain_on_delete


def test_all_that_is_wrong_is_said_at_once(tmp_path: Any) -> None:
    args = arguments(vpc_cidr="10.64.0.0/24", pod_cidr="192.168.0.0/27", endpoints=["s4", "sts"])
    with pytest.raises(EvaluationError) as raised:
        evaluate_component(tmp_path, COMPONENT, args)
    for part in ("vpc_cidr: got 10.64.0.0/24", "pod_cidr: got 192.168.0.0/27", "endpoints: got 's4'"):
        assert part in str(raised.value)


def _existing(**changes: Any) -> Any:
    facts = {key: value for key, value in AWS_NETWORK.items() if key != "pod_subnets"}
    ids = {zone: f"subnet-0123456789abcdef{index}" for index, zone in enumerate(ZONES)}
    return {"zones": ZONES, **facts, "private_subnets": ids, "intra_subnets": ids, **changes}


def test_a_network_that_was_there_is_taken_as_it_is() -> None:
    further = {**_existing()["private_subnets"], "eu-west-1d": "subnet-0123456789abcdef9"}
    facts = existing_network(_existing(private_subnets=further))
    assert sorted(facts["private_subnets"]) == ZONES
    assert facts["pod_subnets"] == {}
    args = _existing()
    del args["pod_cidr"]
    assert existing_network(args)["pod_cidr"] == args["vpc_cidr"]
    pods = existing_network(_existing(pod_subnets=further))["pod_subnets"]
    assert sorted(pods) == ZONES


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"vpc_id": "vpc-1"}, "vpc_id"),
        ({"vpc_cidr": "10.64.0.1/16"}, "vpc_cidr"),
        ({"pod_cidr": "pods"}, "pod_cidr"),
        ({"intra_cidrs": []}, "intra_cidrs"),
        ({"intra_cidrs": ["10.64.0.0/33"]}, "intra_cidrs[0]"),
        ({"private_subnets": {}}, "private_subnets"),
        ({"intra_subnets": dict.fromkeys(ZONES, "subnet-x")}, "intra_subnets.eu-west-1a"),
        ({"pod_subnets": {ZONES[0]: "subnet-0123456789abcdef0"}}, "pod_subnets"),
    ],
)
def test_a_network_that_is_not_described_right(changes: dict[str, Any], path: str) -> None:
    assert path in [each["property_path"] for each in existing_problems(_existing(**changes))]
    with pytest.raises(ArgumentsError, match="existing network"):
        existing_network(_existing(**changes))
