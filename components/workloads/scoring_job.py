"""A template of scoring runs, as a Pulumi component."""

from typing import Any, cast

import pulumi
import pulumi_kubernetes as kubernetes

from components.errors import ArgumentsError
from components.workloads.scoring_spec import ScoringJobTemplateArgs, cron_job_spec, problems

__all__ = ["ScoringJobTemplate", "ScoringJobTemplateArgs"]


class ScoringJobTemplate(pulumi.ComponentResource):
    """A CronJob from which scoring runs are made: on its schedule, or by ``mlplatform score`` and the like.

    It starts no run itself, so that deploying twice scores nothing twice. It does not make the input's shards, and
    does not make the queue that it names.
    """

    template: pulumi.Output[str]
    """Name of the CronJob."""
    namespace: pulumi.Output[str]
    """Namespace of the CronJob and its runs."""

    def __init__(self, name: str, args: ScoringJobTemplateArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:ScoringJobTemplate", name, {}, opts)
        if found := problems(args):
            raise ArgumentsError(f"scoring template {args['template']}", found)
        cron_job = kubernetes.batch.v1.CronJob(
            f"{name}-cron-job",
            metadata={"name": args["template"], "namespace": args["namespace"], "labels": dict(args["labels"])},
            spec=cast("Any", cron_job_spec(args)),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.template = cron_job.metadata.apply(lambda metadata: str(metadata.name))
        self.namespace = cron_job.metadata.apply(lambda metadata: str(metadata.namespace))
        self.register_outputs({"template": self.template, "namespace": self.namespace})
