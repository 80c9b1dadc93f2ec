"""The section of the Kubernetes cluster: version, endpoint and maintenance."""

from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import Field, Strict

from stacks.settings.cloud_values import Day, ExclusionName, TimeOfDay
from stacks.settings.model import Section
from stacks.settings.values import ALLOWED, Cidr, Many

KubernetesVersion = Literal["1.34", "1.35", "1.36"]
"""Minor versions that the platform's components are written for."""

RANGES_NEEDED: Final = (
    "a list of 1 to 40 ranges from which the API server is reached; "
    "without publicEndpoint it is reached from the network only"
)
"""What a public endpoint asks for."""


class Weekday(StrEnum):
    """A day of the week."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"


class PublicEndpointSettings(Section):
    """An endpoint of the API server that can be reached from outside the network."""

    allowed_cidrs: Many[Cidr] = Field(min_length=1, max_length=40, json_schema_extra={ALLOWED: RANGES_NEEDED})
    """Ranges from which it can be reached; never the whole internet."""


class ExclusionSettings(Section):
    """A time in which the cluster is not upgraded, at most 30 days."""

    name: ExclusionName
    """What the time is called; each name once."""
    start: Day = Field(alias="from")
    """First day without upgrades, from midnight UTC, in quotes."""
    end: Day = Field(alias="to")
    """Day on which upgrades may go on, from midnight UTC, in quotes."""


class MaintenanceSettings(Section):
    """When the cloud may upgrade the cluster and the databases by itself."""

    day: Annotated[Weekday, Strict(strict=False)] = Weekday.SUNDAY
    """Day of the week."""
    start_time: TimeOfDay = "03:00"
    """Time of the day at which the maintenance window opens, UTC, in quotes."""
    hours: int = Field(default=12, ge=4, le=24)
    """How long the window is open; at least 12 on gcp, as GKE wants 48 hours in 32 days."""
    exclusions: Many[ExclusionSettings] = Field(default=(), max_length=20)
    """Times without upgrades; on gcp only, at most 3."""


class ClusterSettings(Section):
    """The Kubernetes cluster."""

    kubernetes_version: KubernetesVersion
    """Minor version of Kubernetes, in quotes."""
    public_endpoint: PublicEndpointSettings | None = None
    """Endpoint of the API server outside the network; none where it is left out; refused on local."""
    maintenance: MaintenanceSettings = MaintenanceSettings()
    """When the cloud may upgrade the cluster and the databases by itself; refused on local."""
