"""checkov, in an environment of its own, with findings about resources of ours."""

from mlplatform.check.checkov.installation import Checkov, obtain, version
from mlplatform.check.checkov.scan import Scanned, scan

__all__ = ["Checkov", "Scanned", "obtain", "scan", "version"]
