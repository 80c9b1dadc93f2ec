"""Look for what is wrong with an environment before it is deployed."""

from mlplatform.check.findings import Finding, Severity
from mlplatform.check.run import Checked, Job, check
from mlplatform.check.verdict import Verdict, judge
from mlplatform.check.waivers import Waiver, WaiverError, load_waivers

__all__ = [
    "Checked",
    "Finding",
    "Job",
    "Severity",
    "Verdict",
    "Waiver",
    "WaiverError",
    "check",
    "judge",
    "load_waivers",
]
