"""The AWS of an environment."""

from collections.abc import Mapping

from components.aws.cloud import AwsAirflowWanted, AwsCloud, AwsCloudArgs
from components.aws.existing_network import AwsExistingNetworkArgs
from components.aws.facts import AwsEnvironment
from components.aws.foundation import AwsDeliveryWanted, AwsExistingClusterWanted, AwsFoundationArgs
from components.aws.maintenance import AwsMaintenanceWindow
from components.contracts import Cloud
from stacks.settings import AwsNetworkSettings, AwsSettings, DeliverySettings, Settings


def provide(settings: Settings, labels: Mapping[str, str]) -> Cloud:
    """Return AWS as a cloud."""
    aws, alerts, budget = settings.aws, settings.alerts, settings.budget
    if aws is None or alerts is None or budget is None:
        raise ValueError("settings of an environment on aws lack aws, alerts or budget")
    maintenance = settings.cluster.maintenance
    args = AwsCloudArgs(
        environment=AwsEnvironment(
            name=settings.name,
            account_id=aws.account_id,
            region=settings.region,
            zones=settings.network.zones,
            tags=dict(sorted(settings.tags.items())),
            labels=labels,
            let_go=settings.let_go,
        ),
        foundation=_foundation(settings, aws),
        maintenance=AwsMaintenanceWindow(
            day=maintenance.day.value, start_time=maintenance.start_time, hours=maintenance.hours
        ),
        receivers=alerts.receivers,
        monthly_usd=budget.monthly_usd,
        fargate_namespaces=aws.fargate_namespaces,
    )
    airflow = settings.services.managed_airflow
    if airflow.enabled:
        args["airflow"] = AwsAirflowWanted(
            size=airflow.size.value, min_workers=airflow.min_workers, max_workers=airflow.max_workers
        )
    return AwsCloud(args)


def _foundation(settings: Settings, aws: AwsSettings) -> AwsFoundationArgs:
    network, cluster = settings.network, settings.cluster
    args = AwsFoundationArgs(
        vpc_cidr=network.vpc_cidr or "",
        pod_cidr=network.pod_cidr,
        service_cidr=network.service_cidr,
        nat_per_zone=network.nat_per_zone,
        kubernetes_version=cluster.kubernetes_version,
        public_cidrs=cluster.public_endpoint.allowed_cidrs if cluster.public_endpoint else (),
        admin_roles=aws.admin_roles,
        api_client_cidrs=aws.api_client_cidrs,
        group_roles=aws.group_roles,
        log_days=settings.logs.retention_days,
        image_caches=[each.value for each in settings.image_caches.registries],
        image_credentials=settings.image_caches.credentials,
    )
    if settings.delivery is not None:
        args["delivery"] = _delivery(settings.delivery)
    if aws.existing_network is not None:
        args["existing_network"] = _existing_network(settings, aws.existing_network)
    if aws.existing_cluster is not None:
        existing = aws.existing_cluster
        args["existing_cluster"] = AwsExistingClusterWanted(
            name=existing.name,
            endpoint=existing.endpoint,
            certificate_authority=existing.certificate_authority,
            security_group=existing.security_group,
            add_ons=existing.add_ons,
        )
    return args


def _delivery(settings: DeliverySettings) -> AwsDeliveryWanted:
    wanted = AwsDeliveryWanted(repository=settings.repository, branch=settings.branch, runner=settings.runner)
    if settings.connection_arn is not None:
        wanted["connection_arn"] = settings.connection_arn
    if settings.identity_provider_arn is not None:
        wanted["identity_provider_arn"] = settings.identity_provider_arn
    return wanted


def _existing_network(settings: Settings, existing: AwsNetworkSettings) -> AwsExistingNetworkArgs:
    args = AwsExistingNetworkArgs(
        zones=settings.network.zones,
        vpc_id=existing.vpc_id,
        vpc_cidr=settings.network.vpc_cidr or "",
        private_subnets=existing.private_subnets,
        intra_subnets=existing.intra_subnets,
        intra_cidrs=existing.intra_cidrs,
    )
    if existing.pod_subnets:
        args["pod_subnets"] = existing.pod_subnets
        args["pod_cidr"] = settings.network.pod_cidr
    return args
