"""What would wall code in on macOS? A profile for `sandbox-exec`, unverified: no run was ever made under it.

The profile's text is a pure function of the place, and only that is tested. The tier is offered on macOS and
refuses there: the warm parent cannot find what a run leaves behind (`LACKS`), and the forbidden acts are
written for Linux. To open it takes both, and a machine to try them on.

Source: `sandbox-exec(1)`, whose language Apple does not document; the forms are those of the profiles that
macOS ships in /System/Library/Sandbox/Profiles.
"""

from __future__ import annotations

from collections.abc import Iterable

PROGRAM = "/usr/bin/sandbox-exec"
NAME = "sandbox-exec (unverified)"
LACKS = (
    "it was never verified, and macOS has no process namespace nor a parent that inherits orphans: "
    "what a run leaves running could not be found and killed"
)
SYSTEM = ("/usr/lib", "/usr/bin", "/bin", "/System/Library", "/Library/Frameworks", "/usr/share")
DEVICES = ("/dev/null", "/dev/zero", "/dev/random", "/dev/urandom")


def profile(reads: Iterable[str], base: str) -> str:
    """Everything is refused but reading `reads` and the system, and writing below `base`; no network."""
    seen = " ".join(f"(subpath {quoted(path)})" for path in (*SYSTEM, *reads, base))
    devices = " ".join(f"(literal {quoted(path)})" for path in DEVICES)
    return "\n".join(
        (
            "(version 1)",
            "(deny default)",
            "(deny network*)",
            "(allow process-fork)",
            f"(allow process-exec {seen})",
            "(allow signal (target same-sandbox))",
            "(allow sysctl-read)",
            "(allow file-read-metadata)",
            f"(allow file-read* {seen} {devices})",
            f"(allow file-write* (subpath {quoted(base)}) (literal {quoted('/dev/null')}))",
        )
    )


def quoted(path: str) -> str:
    """A path as a string of the profile's language."""
    return '"' + path.replace("\\", "\\\\").replace('"', '\\"') + '"'


def command(reads: Iterable[str], base: str, program: list[str]) -> list[str]:
    """The argv that starts `program` under the profile."""
    return [PROGRAM, "-p", profile(reads, base), *program]
