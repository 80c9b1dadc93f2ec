"""The constrained values of an environment file, each with what it may be in words."""

from typing import Annotated, Any, Final, TypeVar

from pydantic import AfterValidator, Field, Strict

from stacks.settings.syntax import check_cidr, check_schedule

ALLOWED: Final = "patternErrorMessage"
"""JSON Schema keyword that says in words what a text may be; editors show it, and so do problems."""

T = TypeVar("T")


def text(pattern: str, allowed: str, *, max_length: int | None = None) -> Any:  # noqa: ANN401  as pydantic.Field
    """Constrain a string by a pattern, and say in words what that allows."""
    return Field(pattern=pattern, max_length=max_length, json_schema_extra={ALLOWED: allowed})


def label(max_length: int, reason: str = "") -> Any:  # noqa: ANN401  as pydantic.Field
    """Constrain a string to a DNS label that begins with a letter, which every cloud accepts as a name."""
    return text(
        rf"^[a-z]([a-z0-9-]{{0,{max_length - 2}}}[a-z0-9])?$",
        "lower-case letters, digits and hyphens, beginning with a letter, ending with a letter or digit, "
        f"at most {max_length} characters{reason}",
    )


PlatformName = Annotated[str, label(20)]
"""The platform's name; the cluster is named after it and the environment."""

PoolName = Annotated[str, label(40, " (the limit of a GKE node pool)")]
"""A node pool's name."""

TeamName = Annotated[str, label(58, " (the namespace is named team-<team>)")]
"""A team's name."""

StoreName = Annotated[str, label(30)]
"""An object store's name; a bucket's name also holds the cluster's."""

TemplateName = Annotated[str, label(52, " (the limit of a CronJob)")]
"""A scoring template's name."""

DatabaseName = Annotated[
    str, text("^[a-z][a-z0-9]{0,62}$", "lower-case letters and digits, beginning with a letter, at most 63 characters")
]
"""A database's name, valid in PostgreSQL without quotes and as part of a Kubernetes name."""

RoleName = Annotated[
    str,
    text(
        "^[a-z_][a-z0-9_]{0,62}$",
        "lower-case letters, digits and underscores, not beginning with a digit, at most 63 characters",
    ),
]
"""A PostgreSQL role's name, valid without quotes."""

TagKey = Annotated[
    str,
    text(
        "^[a-z][A-Za-z0-9]{0,39}$",
        "letters and digits, beginning with a lower-case letter, at most 40 characters (camelCase)",
    ),
]
"""A tag's key; each cloud's spelling is derived from it."""

TagValue = Annotated[
    str,
    text(
        "^[a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?$",
        "lower-case letters, digits, hyphens and underscores, beginning and ending with a letter or digit, "
        "at most 63 characters",
    ),
]
"""A tag's value, valid as an AWS tag, a Google Cloud label and a Kubernetes label."""

LabelKey = Annotated[
    str,
    text(
        "^([a-z0-9]([a-z0-9-]*[a-z0-9])?([.][a-z0-9]([a-z0-9-]*[a-z0-9])?)*/)?"
        "[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$",
        "a Kubernetes label key: a DNS name and a slash, which may be left out, then at most 63 letters, digits, "
        "hyphens, underscores and dots",
        max_length=253 + 1 + 63,
    ),
]
"""Key of a Kubernetes label or taint."""

LabelValue = Annotated[
    str,
    text(
        "^([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?$",
        "a Kubernetes label value: at most 63 letters, digits, hyphens, underscores and dots, beginning and ending "
        "with a letter or digit",
    ),
]
"""Value of a Kubernetes label or taint."""

GroupName = Annotated[
    str,
    text(
        "^[A-Za-z0-9][A-Za-z0-9._@:/+-]{0,252}$",
        "a group of the identity provider: letters, digits and . _ @ : / + -, beginning with a letter or digit, "
        "at most 253 characters",
    ),
]
"""A group as the identity provider names it."""

RepositoryName = Annotated[
    str,
    text(
        "^[a-z0-9]+([._-][a-z0-9]+)*(/[a-z0-9]+([._-][a-z0-9]+)*)*$",
        "lower-case letters and digits, joined by single . _ - or /, at most 100 characters",
        max_length=100,
    ),
]
"""Path of an image repository below the team's."""

ImageTag = Annotated[
    str,
    text(
        "^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$",
        "an image tag: letters, digits, underscores, hyphens and dots, not beginning with a hyphen or dot, "
        "at most 128 characters",
    ),
]
"""Tag of a container image."""

ImageDigest = Annotated[str, text("^sha256:[0-9a-f]{64}$", "sha256: and 64 lower-case hexadecimal digits")]
"""Digest of a container image."""

Prefix = Annotated[
    str,
    text(
        "^([A-Za-z0-9_=-][A-Za-z0-9._=-]*(/[A-Za-z0-9_=-][A-Za-z0-9._=-]*)*)?$",
        "names of letters, digits and . _ = - that do not begin with a dot, joined by single slashes, "
        "at most 500 characters",
        max_length=500,
    ),
]
"""Path inside an object store, without a slash at either end."""

VariableName = Annotated[
    str,
    text(
        "^[A-Za-z_][A-Za-z0-9_]{0,127}$",
        "letters, digits and underscores, not beginning with a digit, at most 128 characters",
    ),
]
"""Name of an environment variable."""

MachineFamily = Annotated[
    str, text("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", "a machine family of the cloud, such as m7i (AWS) or n2-standard (GCP)")
]
"""A cloud's machine family."""

GpuModel = Annotated[
    str,
    text(
        "^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$",
        "an accelerator's name in lower-case letters, digits and hyphens, such as nvidia-l4, at most 40 characters",
    ),
]
"""Name of an accelerator."""

Zone = Annotated[
    str,
    text("^[a-z]+(-[a-z0-9]+)+$", "a zone of the cloud, such as eu-west-1a (AWS) or europe-west1-b (GCP)"),
]
"""A cloud's availability zone."""

ChartSource = Annotated[str, text("^(https|oci)://[^/\\s]+(/[^\\s]*)?$", "an https:// or oci:// address")]
"""Address of a chart repository."""

ChartMirror = Annotated[
    str,
    text(
        "^(https://|oci://|/|[.]{1,2}/|[A-Za-z0-9_.-]+(/|$))[^\\s:]*(:[0-9]+)?[^\\s:]*$",
        "a directory, or an oci:// or https:// address",
    ),
]
"""Where every chart is pulled from in place of its own repository."""

ChartName = Annotated[str, label(53, " (the limit of a Helm release)")]
"""Name of a chart."""

Cidr = Annotated[
    str,
    text(
        r"^[0-9]{1,3}([.][0-9]{1,3}){3}/[0-9]{1,2}$",
        "an IPv4 network in CIDR notation whose host bits are zero, such as 10.0.0.0/16",
    ),
    AfterValidator(check_cidr),
]
"""An IPv4 network."""

Schedule = Annotated[
    str,
    Field(
        min_length=1,
        json_schema_extra={
            ALLOWED: (
                "five cron fields (minute, hour, day of month, month, day of week), or one of @hourly, @daily, "
                "@weekly, @monthly and @yearly"
            )
        },
    ),
    AfterValidator(check_schedule),
]
"""When a CronJob runs, as Kubernetes reads it."""

Many = Annotated[tuple[T, ...], Strict(strict=False), Field(json_schema_extra={"uniqueItems": True})]
"""A list in the file, read into a tuple: strict mode would take nothing but a tuple."""
