"""checkov for the tests that run it: from the cache, or installed into it once."""

import pytest

from mlplatform.check.checkov import Checkov, obtain
from mlplatform.errors import UserError
from mlplatform.local.paths import cache_dir


@pytest.fixture(scope="session")
def checkov() -> Checkov:
    """Give the locked checkov; where it cannot be installed, say why rather than pass without it."""
    try:
        return obtain(cache_dir(), print)
    except UserError as error:
        reason = f"{error.message}\n{error.hint}"
    pytest.fail(reason, pytrace=False)
