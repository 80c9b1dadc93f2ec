"""Scoring templates: what a team scores, with which image, in how many shards."""

from pydantic import Field

from stacks.settings.model import Section, either
from stacks.settings.values import (
    ImageDigest,
    ImageTag,
    PoolName,
    Prefix,
    RepositoryName,
    Schedule,
    StoreName,
    TeamName,
    VariableName,
)


class LocationSettings(Section):
    """A place inside an object store."""

    store: StoreName
    """The object store's name."""
    prefix: Prefix = ""
    """Path inside the store, without a slash at either end; the whole store where it is left out."""


class ScoringSettings(Section):
    """A template from which scoring jobs are made."""

    model_config = either("tag", "digest")

    team: TeamName
    """Team whose namespace, identity and quota the job uses."""
    pool: PoolName
    """Node pool that the pods run on; one of the team's, of purpose scoring or training."""
    repository: RepositoryName
    """Image repository; one of the team's."""
    tag: ImageTag | None = None
    """Tag of the image; either this or digest; not latest."""
    digest: ImageDigest | None = None
    """Digest of the image; either this or tag."""
    shards: int = Field(ge=1, le=100_000)
    """Parts of the input; each is scored by one pod."""
    parallelism: int = Field(ge=1, le=100_000)
    """The most pods at one time."""
    cpu: float = Field(ge=0.1, le=896)
    """Virtual CPUs of one pod."""
    memory_gib: float = Field(ge=0.1, le=32768)
    """Memory of one pod, in GiB."""
    retries_per_shard: int = Field(default=3, ge=0, le=100)
    """How often a shard is tried again after a failure; interruptions of machines are not counted."""
    max_failed_shards: int = Field(default=0, ge=0, le=100_000)
    """Failed shards above which the whole job is given up."""
    deadline_seconds: int = Field(default=86_400, ge=60, le=1_209_600)
    """The longest that a job may run."""
    ttl_seconds: int = Field(default=86_400, ge=0, le=2_592_000)
    """How long a finished job is kept."""
    schedule: Schedule | None = None
    """Cron schedule on which jobs start by themselves, in UTC; none where it is left out."""
    input: LocationSettings
    """Where the shards are read from; a store that the team may read."""
    output: LocationSettings
    """Where the scores are written; a store that the team may write."""
    env: dict[VariableName, str] = Field(default={})
    """Environment variables of the container."""
