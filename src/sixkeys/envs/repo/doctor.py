"""Can code under test be isolated on this machine? Every forbidden act is really tried inside."""

from __future__ import annotations

from sixkeys.envs.repo.runner import Runner
from sixkeys.envs.repo.sandbox import Check, IsolationError


def doctor(isolation: str = "auto") -> list[Check]:
    """What `isolation` gives here, first of all whether it can be had; never raises IsolationError.

    Without isolation nothing forbidden is tried: it would be done.
    """
    if isolation == "none":
        return [Check("isolation", False, "none: code under test has the rights of whoever starts it")]
    try:
        with Runner(1, isolation) as runner:
            return [Check("isolation", True, runner.isolation), *runner.checks]
    except IsolationError as error:
        return [Check("isolation", False, str(error))]
