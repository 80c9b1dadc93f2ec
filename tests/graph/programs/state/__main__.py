"""A program that would notice if it shared a process with another run."""

import counter
import pulumi

counter.runs += 1
pulumi.export("runs", counter.runs)
pulumi.export("value", pulumi.Config().require("value"))
pulumi.export("stack", pulumi.get_stack())
pulumi.export("project", pulumi.get_project())
pulumi.export("preview", pulumi.runtime.is_dry_run())
