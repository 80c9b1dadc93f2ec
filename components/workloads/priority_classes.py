"""The platform's priority classes, as a Pulumi component."""

from collections.abc import Mapping, Sequence
from typing import TypedDict

import pulumi
import pulumi_kubernetes as kubernetes

from components.labels import object_labels
from components.workloads.priorities import PRIORITIES

__all__ = ["PriorityClasses", "PriorityClassesArgs"]


class PriorityClassesArgs(TypedDict):
    """What the classes carry."""

    labels: Mapping[str, str]
    """Labels of the priority classes."""


class PriorityClasses(pulumi.ComponentResource):
    """One PriorityClass for each kind of work, cluster-wide.

    None is the default: a pod that names no class keeps Kubernetes' 0 and yields to all of these.
    """

    class_names: pulumi.Output[Sequence[str]]
    """Names of the priority classes, most important first."""

    def __init__(self, name: str, args: PriorityClassesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:PriorityClasses", name, {}, opts)
        labels = object_labels(args["labels"], component="priority-classes", name=name)
        for priority in PRIORITIES:
            kubernetes.scheduling.v1.PriorityClass(
                f"{name}-{priority.name.removeprefix('mlplatform-')}",
                metadata={"name": priority.name, "labels": labels},
                value=priority.value,
                preemption_policy="PreemptLowerPriority" if priority.preempts else "Never",
                global_default=False,
                description=priority.description,
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.class_names = pulumi.Output.from_input([priority.name for priority in PRIORITIES])
        self.register_outputs({"classNames": self.class_names})
