"""What happens first inside the sandbox? Root is given up for good, then calls are filtered (syscalls.py).

Where no namespaces can be had the process walls itself in here, too (landlock.py).

Only then anything is imported.

A program, started by the runner: `warm.py SETTINGS` with a JSON object as its one argument. It becomes the
warm parent of all runs (keeper.py with holders, library, tracer, tree, variants and watch), whose forks
run the code under test (child.py). Standard library and pytest only.
"""

import os
import sys

NOBODY = 65534
CAPABILITY_VERSION = 0x20080522


def give_up_root(uid: int) -> None:
    """Becomes `uid` for good, or 65534 where `uid` does not exist here; raises if root could be had again."""
    os.setgroups([])
    try:
        _become(uid)
    except OSError:
        _become(NOBODY)
    if not os.access(os.__file__, os.R_OK):
        raise SystemExit(f"{os.__file__} is closed to an ordinary user, which root becomes before any run")
    _drop_capabilities()
    for call in (os.setuid, os.setgid):
        try:
            call(0)
        except PermissionError:
            continue
        raise SystemExit("root could be had again after it was given up")


def _become(uid: int) -> None:
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def _drop_capabilities() -> None:
    """Empties all three sets; a change of uid alone leaves the inheritable one."""
    import ctypes

    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION, 0)
    if ctypes.CDLL(None, use_errno=True).capset(header, (ctypes.c_uint32 * 6)()):
        raise OSError(ctypes.get_errno(), "capset failed")


def load(name: str):
    """A module of this folder under a name that no repository under test has."""
    import importlib.util

    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), f"{name}.py")
    spec = importlib.util.spec_from_file_location(f"_sixkeys_{name}", path)
    if spec is None or spec.loader is None:
        raise SystemExit(f"{path} cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def main() -> None:
    """Serves runs until the client is gone."""
    import json
    from types import SimpleNamespace

    settings = json.loads(sys.argv[1])
    if settings["contained"]:
        load("syscalls").refuse()
    if settings["tier"] == "landlock":
        filters = load("syscalls")
        filters.install(filters.unshared(os.uname().machine))
        load("landlock").wall(settings)
    names = "child holders landlock library live syscalls tracer tree variants watch"
    rooms = SimpleNamespace(**{name: load(name) for name in names.split()})
    load("keeper").keep(settings, rooms)


if __name__ == "__main__":
    if os.geteuid() == 0 and sys.argv[2] != "0":
        give_up_root(int(sys.argv[2]))
    main()
