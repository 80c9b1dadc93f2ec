"""The Google Cloud of an environment."""

from collections.abc import Mapping

from components.contracts import Cloud
from components.gcp.cloud import GcpAirflowWanted, GcpCloud, GcpCloudArgs, GcpDeliveryWanted
from components.gcp.cluster_spec import GcpMaintenanceExclusion
from components.gcp.facts import GcpEnvironment
from components.gcp.foundation import GcpExistingClusterWanted, GcpExistingNetworkWanted, GcpFoundationArgs
from components.gcp.maintenance import GcpMaintenanceWindow
from components.gcp.names import resource_labels
from stacks.settings import GcpNetworkSettings, GcpSettings, Settings


def provide(settings: Settings, labels: Mapping[str, str]) -> Cloud:
    """Return Google Cloud as a cloud."""
    gcp, alerts, budget = settings.gcp, settings.alerts, settings.budget
    if gcp is None or alerts is None or budget is None:
        raise ValueError("settings of an environment on gcp lack gcp, alerts or budget")
    args = GcpCloudArgs(
        environment=GcpEnvironment(
            name=settings.name,
            project=gcp.project,
            project_number=gcp.project_number,
            region=settings.region,
            zones=settings.network.zones,
            resource_labels=resource_labels(settings.tags),
            labels=labels,
            let_go=settings.let_go,
        ),
        foundation=_foundation(settings, gcp),
        billing_account=gcp.billing_account,
        receivers=alerts.receivers,
        monthly_usd=budget.monthly_usd,
        datasets=gcp.datasets,
    )
    if settings.delivery is not None:
        args["delivery"] = GcpDeliveryWanted(repository=settings.delivery.repository, branch=settings.delivery.branch)
    airflow = settings.services.managed_airflow
    if airflow.enabled:
        args["airflow"] = GcpAirflowWanted(
            size=airflow.size.value,
            min_workers=airflow.min_workers,
            max_workers=airflow.max_workers,
            high_availability=airflow.high_availability,
        )
    return GcpCloud(args)


def _foundation(settings: Settings, gcp: GcpSettings) -> GcpFoundationArgs:
    network, cluster = settings.network, settings.cluster
    maintenance = cluster.maintenance
    args = GcpFoundationArgs(
        vpc_cidr=network.vpc_cidr or "",
        pod_cidr=network.pod_cidr,
        service_cidr=network.service_cidr,
        kubernetes_version=cluster.kubernetes_version,
        release_channel=gcp.release_channel.value,
        maintenance=GcpMaintenanceWindow(
            day=maintenance.day.value, start_time=maintenance.start_time, hours=maintenance.hours
        ),
        exclusions=[
            GcpMaintenanceExclusion(name=each.name, start=each.start, end=each.end) for each in maintenance.exclusions
        ],
        public_cidrs=cluster.public_endpoint.allowed_cidrs if cluster.public_endpoint else (),
        admin_groups=gcp.admin_groups,
        people=_people(settings),
        pools={name: pool.arguments() for name, pool in settings.node_pools.items()},
        log_days=settings.logs.retention_days,
        lock_logs=gcp.lock_logs,
        image_caches=[each.value for each in settings.image_caches.registries],
        datasets=bool(gcp.datasets),
        managed_airflow=settings.services.managed_airflow.enabled,
    )
    if gcp.security_group is not None:
        args["security_group"] = gcp.security_group
    if gcp.existing_network is not None:
        args["existing_network"] = _existing_network(gcp.existing_network)
    if gcp.existing_cluster is not None:
        existing = gcp.existing_cluster
        args["existing_cluster"] = GcpExistingClusterWanted(
            name=existing.name, location=existing.location, endpoint=existing.endpoint
        )
    return args


def _people(settings: Settings) -> list[str]:
    """Return the groups of all teams."""
    people = [team.people for team in settings.teams.values()]
    return sorted({group for each in people for group in (*each.admins, *each.members, *each.viewers)})


def _existing_network(existing: GcpNetworkSettings) -> GcpExistingNetworkWanted:
    args = GcpExistingNetworkWanted(
        network=existing.network,
        subnetwork=existing.subnetwork,
        pod_range=existing.pod_range,
        service_range=existing.service_range,
        control_plane_cidr=existing.control_plane_cidr,
    )
    if existing.host_project is not None:
        args["host_project"] = existing.host_project
    return args
