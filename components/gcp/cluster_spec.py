"""The arguments of a GKE cluster, as plain data."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Network
from typing import Any, Final, NotRequired, TypedDict

import pulumi
from pulumi.errors import InputPropertyErrorDetails

from components.contracts import NodePoolArgs
from components.errors import problem
from components.gcp import machine_requirements
from components.gcp.facts import GcpEnvironment, GcpKeysFacts, GcpNetworkFacts
from components.gcp.maintenance import DAYS, GcpMaintenanceWindow, window_problems
from components.gcp.names import node_tag
from components.gcp.node_config import SCOPE, security

CHANNELS: Final = ("rapid", "regular", "stable", "extended")

LONGEST_NAME: Final = 40
"""Characters of a GKE cluster's name."""

SHORTEST_WINDOW: Final = 12
"""Hours that a weekly window is open at least: GKE wants 48 hours in 32 days, and these have four of each weekday."""

LONGEST_WINDOW: Final = 24

MOST_EXCLUSIONS: Final = 3
"""Times without any upgrade that GKE takes."""

LONGEST_EXCLUSION: Final = timedelta(days=30)

FIRST_MONDAY: Final = datetime(2025, 1, 6, tzinfo=UTC)
"""From when on maintenance windows recur: some Monday in the past, always the same."""

POD_MAXIMUM: Final = 110
"""Pods of one node, for which GKE sets a /24 of pods' addresses aside."""

LOGS: Final = ("APISERVER", "CONTROLLER_MANAGER", "SCHEDULER", "SYSTEM_COMPONENTS", "WORKLOADS")
METRICS: Final = ("APISERVER", "CONTROLLER_MANAGER", "SCHEDULER", "SYSTEM_COMPONENTS")
GPU_METRICS: Final = "DCGM"
"""Metrics of GPUs. GKE's own exporter comes with the driver, is an image that the image policy lets run, and delivers
to Google's managed Prometheus only."""


class GcpMaintenanceExclusion(TypedDict):
    """A time in which GKE upgrades nothing by itself."""

    name: str
    """What the time is called."""
    start: str
    """First day without upgrades, ``YYYY-MM-DD``, from midnight UTC."""
    end: str
    """Day on which upgrades may go on, ``YYYY-MM-DD``, from midnight UTC."""


class GcpClusterArgs(TypedDict):
    """Which cluster is wanted."""

    environment: GcpEnvironment
    """The environment that it belongs to."""
    network: GcpNetworkFacts
    """Network of machines and pods."""
    keys: GcpKeysFacts
    """Keys of Kubernetes secrets and of disks."""
    kubernetes_version: str
    """Minor version, such as ``1.35``; GKE never goes below it, and above it when the release channel does."""
    release_channel: str
    """How early GKE upgrades: ``rapid``, ``regular``, ``stable`` or ``extended``."""
    maintenance: GcpMaintenanceWindow
    """When GKE may upgrade by itself, at least 12 hours in each week."""
    exclusions: Sequence[GcpMaintenanceExclusion]
    """Times without upgrades, at most three of at most 30 days."""
    pools: Mapping[str, NodePoolArgs]
    """All node pools of the cluster; what they may have together limits auto-provisioning."""
    image_patterns: Sequence[pulumi.Input[str]]
    """Images that may run beside GKE's own and those of the project's registries, such as ``quay.io/jetstack/*``."""
    public_cidrs: NotRequired[Sequence[str]]
    """Ranges that reach the API server by its public address; it has none where they are left out."""
    security_group: NotRequired[str]
    """Google group, ``gke-security-groups@<domain>``, whose member groups Kubernetes knows."""
    managed_prometheus: NotRequired[bool]
    """Whether Google's managed Prometheus collects metrics, those of GPUs among them; it does where a pool has GPUs and
    this is left out."""


def problems(args: GcpClusterArgs) -> list[InputPropertyErrorDetails]:
    """Return why the cluster cannot be made; empty where it can."""
    name = args["environment"]["name"]
    found = window_problems(args["maintenance"])
    if len(name) > LONGEST_NAME:
        found.append(problem("environment.name", f"got {name}; allowed: at most {LONGEST_NAME} characters"))
    if args["release_channel"] not in CHANNELS:
        found.append(problem("release_channel", f"got {args['release_channel']!r}; allowed: {', '.join(CHANNELS)}"))
    hours = int(args["maintenance"]["hours"])
    if not SHORTEST_WINDOW <= hours <= LONGEST_WINDOW:
        allowed = f"{SHORTEST_WINDOW} to {LONGEST_WINDOW}, as GKE wants 48 hours in 32 days"
        found.append(problem("maintenance.hours", f"got {hours}; allowed: {allowed}"))
    if len(args["exclusions"]) > MOST_EXCLUSIONS:
        found.append(problem("exclusions", f"got {len(args['exclusions'])}; allowed: at most {MOST_EXCLUSIONS}"))
    found.extend(_exclusion_problems(args["exclusions"]))
    found.extend(_range_problems(args.get("public_cidrs", ())))
    return found


def _exclusion_problems(exclusions: Sequence[GcpMaintenanceExclusion]) -> Iterator[InputPropertyErrorDetails]:
    for exclusion in exclusions:
        try:
            length = _day(exclusion["end"]) - _day(exclusion["start"])
        except ValueError as error:
            yield problem("exclusions", f"got {exclusion['name']}, {error}; allowed: YYYY-MM-DD")
            continue
        if not timedelta(0) < length <= LONGEST_EXCLUSION:
            yield problem("exclusions", f"got {exclusion['name']}, {length.days} days; allowed: 1 to 30")


def _range_problems(cidrs: Sequence[str]) -> Iterator[InputPropertyErrorDetails]:
    for cidr in cidrs:
        try:
            everything = IPv4Network(cidr).prefixlen == 0
        except ValueError as error:
            yield problem("public_cidrs", f"got {cidr!r}, {error}; allowed: ranges of IPv4 in CIDR notation")
            continue
        if everything:
            yield problem("public_cidrs", f"got {cidr}; allowed: ranges that are not the whole internet")


def maintenance_policy(window: GcpMaintenanceWindow, exclusions: Sequence[GcpMaintenanceExclusion]) -> dict[str, Any]:
    """Return when GKE may upgrade by itself and when not."""
    hour, _, minute = window["start_time"].partition(":")
    start = FIRST_MONDAY + timedelta(days=DAYS[window["day"]] - 1, hours=int(hour), minutes=int(minute))
    policy: dict[str, Any] = {
        "recurring_window": {
            "start_time": _timestamp(start),
            "end_time": _timestamp(start + timedelta(hours=int(window["hours"]))),
            "recurrence": f"FREQ=WEEKLY;BYDAY={window['day'][:2].upper()}",
        }
    }
    if exclusions:
        policy["maintenance_exclusions"] = [
            {
                "exclusion_name": exclusion["name"],
                "start_time": _timestamp(_day(exclusion["start"])),
                "end_time": _timestamp(_day(exclusion["end"])),
                "exclusion_options": {"scope": "NO_UPGRADES"},
            }
            for exclusion in sorted(exclusions, key=lambda each: each["start"])
        ]
    return policy


def auto_provisioning(args: GcpClusterArgs, node_service_account: pulumi.Input[str]) -> dict[str, Any]:
    """Return how node pools are made for ComputeClasses: within what all pools may have, and as secure as the others.

    GKE counts every node against these limits, those of the program's own node pools too. Pods that select no class
    scale the class ``default``, so that nothing is made outside of the pools.
    """
    most = machine_requirements.most_resources(args["pools"])
    machine = security(args["environment"])
    return {
        "enabled": True,
        "autoscaling_profile": "OPTIMIZE_UTILIZATION",
        "default_compute_class_enabled": True,
        "auto_provisioning_locations": sorted(args["environment"]["zones"]),
        "resource_limits": [{"resource_type": kind, "maximum": maximum} for kind, maximum in most.items() if maximum],
        "auto_provisioning_defaults": {
            "service_account": node_service_account,
            "oauth_scopes": [SCOPE],
            "boot_disk_kms_key": args["keys"]["disks"],
            "disk_type": "pd-balanced",
            "image_type": machine["image_type"],
            "shielded_instance_config": machine["shielded_instance_config"],
            "management": {"auto_repair": True, "auto_upgrade": True},
            "upgrade_settings": {"strategy": "SURGE", "max_surge": 1, "max_unavailable": 0},
        },
    }


def endpoints(args: GcpClusterArgs) -> dict[str, Any]:
    """Return how the API server is reached: by name with an identity, and by address only from where that is said.

    The address inside the network stays, as nodes and pods use it. It lets in nobody else: no range is authorized.
    """
    public = sorted(args.get("public_cidrs", ()))
    private: dict[str, Any] = {"enable_private_nodes": True, "enable_private_endpoint": not public}
    if "control_plane_subnetwork" in args["network"]:
        private["private_endpoint_subnetwork"] = args["network"]["control_plane_subnetwork"]
    return {
        "control_plane_endpoints_config": {
            "dns_endpoint_config": {
                "allow_external_traffic": True,
                "enable_k8s_tokens_via_dns": False,
                "enable_k8s_certs_via_dns": False,
            },
            "ip_endpoints_config": {"enabled": True},
        },
        "private_cluster_config": private,
        "master_authorized_networks_config": {
            "cidr_blocks": [{"cidr_block": cidr, "display_name": cidr} for cidr in public],
            "gcp_public_cidrs_access_enabled": False,
            "private_endpoint_enforcement_enabled": True,
        },
    }


def access() -> dict[str, Any]:
    """Return who the API server knows: nobody without a name, no certificates, no grants to everybody."""
    return {
        "master_auth": {"client_certificate_config": {"issue_client_certificate": False}},
        "enable_legacy_abac": False,
        "anonymous_authentication_config": {"mode": "LIMITED"},
        "rbac_binding_config": {
            "enable_insecure_binding_system_authenticated": False,
            "enable_insecure_binding_system_unauthenticated": False,
        },
        "service_external_ips_config": {"enabled": False},
    }


def addons() -> dict[str, Any]:
    """Return which of GKE's add-ons run. Gateways, backups and secrets are the platform's own charts' affair."""
    return {
        "dns_cache_config": {"enabled": True},
        "gce_persistent_disk_csi_driver_config": {"enabled": True},
        "gcp_filestore_csi_driver_config": {"enabled": False},
        "gcs_fuse_csi_driver_config": {"enabled": True},
        "horizontal_pod_autoscaling": {"disabled": False},
        "http_load_balancing": {"disabled": False},
        "network_policy_config": {"disabled": True},
    }


def observation(args: GcpClusterArgs) -> dict[str, Any]:
    """Return what GKE logs and measures."""
    managed = args.get("managed_prometheus", any("gpu" in pool for pool in args["pools"].values()))
    return {
        "logging_config": {"enable_components": list(LOGS)},
        "monitoring_config": {
            "enable_components": sorted([*METRICS, *([GPU_METRICS] if managed else [])]),
            "managed_prometheus": {"enabled": managed},
        },
        "cost_management_config": {"enabled": True},
        "security_posture_config": {"mode": "BASIC", "vulnerability_mode": "VULNERABILITY_DISABLED"},
    }


def first_node_pool(args: GcpClusterArgs, node_service_account: pulumi.Input[str]) -> dict[str, Any]:
    """Return the configuration of the node pool that GKE makes with a cluster, and that is removed at once."""
    return {
        **security(args["environment"]),
        "service_account": node_service_account,
        "boot_disk_kms_key": args["keys"]["disks"],
        "disk_type": "pd-balanced",
    }


def cluster_arguments(
    args: GcpClusterArgs, node_service_account: pulumi.Input[str], *, protected: bool
) -> dict[str, Any]:
    """Return the arguments of the cluster; ``protected`` keeps it from being deleted."""
    environment, network = args["environment"], args["network"]
    groups = (
        {"authenticator_groups_config": {"security_group": args["security_group"]}} if "security_group" in args else {}
    )
    return {
        "name": environment["name"],
        "project": environment["project"],
        "location": environment["region"],
        "node_locations": sorted(environment["zones"]),
        "resource_labels": dict(environment["resource_labels"]),
        "deletion_protection": protected,
        "deletion_policy": "PREVENT" if protected else "DELETE",
        "min_master_version": args["kubernetes_version"],
        "release_channel": {"channel": args["release_channel"].upper()},
        "maintenance_policy": maintenance_policy(args["maintenance"], args["exclusions"]),
        "network": network["network"],
        "subnetwork": network["subnetwork"],
        "networking_mode": "VPC_NATIVE",
        "ip_allocation_policy": {
            "cluster_secondary_range_name": network["pod_range"],
            "services_secondary_range_name": network["service_range"],
            "stack_type": "IPV4",
        },
        "default_max_pods_per_node": POD_MAXIMUM,
        "datapath_provider": "ADVANCED_DATAPATH",
        # Network policies are Dataplane V2's affair: Calico, which this would switch on, is refused beside it.
        "network_policy": {"enabled": False},
        "enable_intranode_visibility": True,
        "enable_l4_ilb_subsetting": True,
        "gateway_api_config": {"channel": "CHANNEL_DISABLED"},
        **endpoints(args),
        **access(),
        **groups,
        "workload_identity_config": {"workload_pool": workload_pool(environment["project"])},
        "enable_shielded_nodes": True,
        "binary_authorization": {"evaluation_mode": "PROJECT_SINGLETON_POLICY_ENFORCE"},
        "database_encryption": {"state": "ENCRYPTED", "key_name": args["keys"]["cluster"]},
        "cluster_autoscaling": auto_provisioning(args, node_service_account),
        "vertical_pod_autoscaling": {"enabled": True},
        "node_pool_auto_config": {
            "network_tags": {"tags": [node_tag(environment["name"])]},
            "node_kubelet_config": {"insecure_kubelet_readonly_port_enabled": "FALSE"},
        },
        "addons_config": addons(),
        **observation(args),
        "initial_node_count": 1,
        "remove_default_node_pool": True,
        "node_config": first_node_pool(args, node_service_account),
    }


def workload_pool(project: str) -> str:
    """Return the workload identity pool of the project's clusters."""
    return f"{project}.svc.id.goog"


def _day(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)


def _timestamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
