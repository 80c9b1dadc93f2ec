"""The whole platform of one environment, wired from components by its settings."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pulumi

from components.contracts import (
    SYSTEM_NAMESPACE,
    TEAM_LABEL,
    Cloud,
    Database,
    NodePool,
    ObjectStore,
    Registry,
    RegistryArgs,
    Secret,
    SecretArgs,
    WorkloadIdentity,
    WorkloadIdentityArgs,
)
from components.labels import object_labels, platform_labels
from components.workloads.priority_classes import PriorityClasses
from components.workloads.scoring_job import ScoringJobTemplate, ScoringJobTemplateArgs
from components.workloads.system_namespace import SystemNamespace
from components.workloads.team_access import RUNNER
from components.workloads.workspace import TeamWorkspace
from stacks import wanted
from stacks.clouds import provide
from stacks.settings import LocationSettings, ScoringSettings, Settings

QUEUE = "default"
"""Queue of each team's namespace, in which its runs wait where queueing is on."""


@dataclass(frozen=True)
class Team:
    """One team's place on the platform."""

    workspace: TeamWorkspace
    identity: WorkloadIdentity
    registry: Registry


@dataclass(frozen=True)
class Platform:
    """One environment: what was made, by the names of the settings."""

    cloud: Cloud
    pools: Mapping[str, NodePool]
    stores: Mapping[str, ObjectStore]
    databases: Mapping[str, Secret]
    teams: Mapping[str, Team]
    templates: Mapping[str, ScoringJobTemplate]

    def exports(self) -> dict[str, pulumi.Input[Any]]:
        """Return the stack's outputs: names and addresses that users of the platform need, and no secret."""
        return {
            "cluster": self.cloud.cluster["name"],
            "namespaces": {name: team.workspace.namespace for name, team in self.teams.items()},
            "imageCaches": dict(self.cloud.image_caches),
            "identities": {name: team.identity["principal"] for name, team in self.teams.items()},
            "repositories": {
                name: [
                    pulumi.Output.concat(team.registry["prefix"], "/", repository)
                    for repository in team.registry["repositories"]
                ]
                for name, team in self.teams.items()
            },
            "stores": {name: store["url"] for name, store in self.stores.items()},
            "databaseSecrets": {
                name: {"namespace": secret["namespace"], "name": secret["name"]}
                for name, secret in self.databases.items()
            },
            "scoringTemplates": {
                name: {"namespace": template.namespace, "name": template.template}
                for name, template in self.templates.items()
            },
        }


def build(settings: Settings) -> Platform:
    """Register everything that the settings ask for, and return it."""
    labels = platform_labels(settings.names.platform, settings.tags)
    cloud = provide(settings, labels)
    in_cluster = pulumi.ResourceOptions(providers=[cloud.provider])

    PriorityClasses("priorities", {"labels": labels}, in_cluster)
    system = SystemNamespace(SYSTEM_NAMESPACE, {"cluster": cloud.cluster, "labels": labels}, in_cluster)
    pools = cloud.node_pools({name: pool.arguments() for name, pool in settings.node_pools.items()})
    stores = {
        name: cloud.object_store(name, {"retention_days": store.retention_days, "update_events": store.update_events})
        for name, store in settings.stores.items()
    }
    databases = {
        name: _database_secret(
            cloud,
            cloud.database(name, wanted.database(name, database)),
            system.namespace,
            labels,
        )
        for name, database in settings.databases.items()
    }
    teams = {name: _team(name, settings, cloud, pools, labels) for name in settings.teams}
    platform = Platform(cloud, pools, stores, databases, teams, templates={})
    queue = QUEUE if settings.services.queueing.enabled else None
    templates = {
        name: ScoringJobTemplate(name, _template(name, scoring, platform, labels, queue), in_cluster)
        for name, scoring in settings.scoring.items()
    }
    cloud.watch()
    return replace(platform, templates=templates)


def _database_secret(
    cloud: Cloud, database: Database, namespace: pulumi.Output[str], labels: Mapping[str, str]
) -> Secret:
    """Put what is needed to connect to ``database`` where charts and programs look for it."""
    name = f"database-{database['name']}"
    return cloud.secret(
        name,
        SecretArgs(
            namespace=namespace,
            values={
                "database": database["name"],
                "dsn": database["dsn"],
                "host": database["host"],
                "password": database["password"],
                "port": str(database["port"]),
                "user": database["user"],
            },
            labels=object_labels(labels, component="database", name=database["name"]),
            retain=True,
        ),
    )


def _team(
    name: str, settings: Settings, cloud: Cloud, pools: Mapping[str, NodePool], labels: Mapping[str, str]
) -> Team:
    team = settings.teams[name]
    registry = cloud.registry(
        name,
        RegistryArgs(
            repositories=[f"{name}/{repository}" for repository in team.repositories],
            deployed_tags=wanted.deployed_tags(name, settings),
        ),
    )
    workspace = TeamWorkspace(
        name,
        {
            "team": name,
            "cluster": cloud.cluster,
            "people": wanted.people(team.people),
            "pools": [pools[pool] for pool in team.pools],
            "quota": {
                "cpu": team.quota.cpu,
                "memory_gib": team.quota.memory_gib,
                "gpus": team.quota.gpus,
                "pods": team.quota.pods,
            },
            "registry": registry,
            "labels": labels,
        },
        pulumi.ResourceOptions(providers=[cloud.provider]),
    )
    identity = cloud.workload_identity(
        f"{name}-{RUNNER}",
        WorkloadIdentityArgs(
            namespace=workspace.namespace,
            service_account=RUNNER,
            read_stores=team.read_stores,
            write_stores=team.write_stores,
            labels={**object_labels(labels, component="workload-identity", name=name), TEAM_LABEL: name},
        ),
    )
    return Team(workspace, identity, registry)


def _address(location: LocationSettings, stores: Mapping[str, ObjectStore]) -> pulumi.Input[str]:
    url = stores[location.store]["url"]
    return pulumi.Output.concat(url, "/", location.prefix) if location.prefix else url


def _template(
    name: str, scoring: ScoringSettings, platform: Platform, labels: Mapping[str, str], queue: str | None
) -> ScoringJobTemplateArgs:
    team = platform.teams[scoring.team]
    version = f":{scoring.tag}" if scoring.digest is None else f"@{scoring.digest}"
    args = ScoringJobTemplateArgs(
        template=name,
        namespace=team.workspace.namespace,
        service_account=team.identity["service_account"],
        pool=platform.pools[scoring.pool],
        image=pulumi.Output.concat(team.registry["prefix"], f"/{scoring.team}/{scoring.repository}{version}"),
        input_url=_address(scoring.input, platform.stores),
        output_url=_address(scoring.output, platform.stores),
        shards=scoring.shards,
        parallelism=scoring.parallelism,
        cpu=scoring.cpu,
        memory_gib=scoring.memory_gib,
        retries_per_shard=scoring.retries_per_shard,
        max_failed_shards=scoring.max_failed_shards,
        deadline_seconds=scoring.deadline_seconds,
        ttl_seconds=scoring.ttl_seconds,
        environment=scoring.env,
        labels={**object_labels(labels, component="scoring-job", name=name), TEAM_LABEL: scoring.team},
    )
    if scoring.schedule is not None:
        args["schedule"] = scoring.schedule
    if queue is not None:
        args["queue"] = queue
    return args
