"""What has to be there before an environment's first deployment: the state's bucket and its key."""

from mlplatform.bootstrap.aws import AwsTarget, aws_plan
from mlplatform.bootstrap.gcp import GcpTarget, gcp_plan
from mlplatform.bootstrap.plan import Command, Plan, State, Step
from mlplatform.bootstrap.run import Bootstrap, Row, script

__all__ = [
    "AwsTarget",
    "Bootstrap",
    "Command",
    "GcpTarget",
    "Plan",
    "Row",
    "State",
    "Step",
    "aws_plan",
    "gcp_plan",
    "script",
]
