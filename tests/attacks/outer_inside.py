"""Runs inside the outer box: each bait under a mock runner, with mock things to reach, and no defence at all.

`outer_inside.py FACTS`: a JSON object. Prints one line a bait, `["NAME", "worked"]` or why not, and at last
`["end", "lives"]`: a bait that kills everything is one after which that line is missing.
"""

import contextlib
import importlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback

from escapes import LEAVE, MODULES, WHERE

PATIENCE = 20.0
SERVED = "data.py"
DATA = "VALUE = 7\n"


def serve(facts):
    """What a machine offers its own: a service at a port, one without a file, one with. Says hello."""
    doors = [socket.socket(), socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)]
    path = os.path.join(facts["outside"], "service")
    for door, address in zip(doors, [("127.0.0.1", 0), "\0" + facts["abstract"], path]):
        door.bind(address)
        door.listen()
        threading.Thread(target=greet, args=(door,), daemon=True).start()
    facts["port"] = doors[0].getsockname()[1]
    echo = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    echo.bind(("127.0.0.1", facts["port"]))
    threading.Thread(target=echoed, args=(echo,), daemon=True).start()
    os.chmod(path, 0o777)
    return [*doors, echo]


def greet(door):
    while True:
        try:
            with door.accept()[0] as found:
                found.send(b"hello")
        except OSError:
            return


def echoed(door):
    while True:
        try:
            text, who = door.recvfrom(100)
            door.sendto(text, who)
        except OSError:
            return


def prepare(facts):
    """Mock things, all in the box's own memory."""
    home = facts["home"]
    for folder in (
        home,
        f"{home}/outside",
        f"{home}/packages",
        f"{home}/programs",
        "/tmp/scratch",
        "/tmp/results",
    ):
        os.makedirs(folder)
    facts.update(secret=f"{home}/secret", outside=f"{home}/outside", packages=f"{home}/packages",
                 programs=f"{home}/programs", scratch="/tmp/scratch", variable="SIXKEYS_BAIT",
                 package="/baits", cores=os.cpu_count())  # fmt: skip
    for path, text in (
        ("secret", "secret"),
        ("outside/victim.txt", "victim"),
        ("programs/keeper.py", "x = 1\n"),
        ("../passwd", "victim:x:1:1::/:\n"),
    ):
        with open(f"{home}/{path}", "w") as file:
            file.write(text)
    os.environ["SIXKEYS_BAIT"] = "secret"


def attempt(act, facts):
    try:
        return "worked" if act(facts) else "came back false"
    except BaseException as error:
        return repr(error) + traceback.format_exc()[-300:]


def noted(name, act, facts):
    """In a fork: one act, its answer in a file."""
    child = os.fork()
    if child == 0:
        mine = os.setsid() or os.getpid()
        for target in (1, 2):
            os.dup2(facts["reader"], target)
        said = attempt(act, facts)
        if os.getpid() == mine:
            os.umask(0o22)
            with open(f"/tmp/results/{name}.unfinished", "w") as file:
                file.write(said)
            os.rename(f"/tmp/results/{name}.unfinished", f"/tmp/results/{name}")  # nobody reads half of it
        os._exit(0)
    wait(child)
    if name not in LEAVE and not name.endswith((".before", ".leave")):
        with contextlib.suppress(OSError):
            os.killpg(child, signal.SIGKILL)


def wait(child):
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        found, status = os.waitpid(child, os.WNOHANG | os.WUNTRACED)
        if found and os.WIFSTOPPED(status):
            time.sleep(0.2)
            break
        if found:
            return
        time.sleep(0.002)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def pair(name, leave, find, inside, facts):
    """One run that leaves something, and a later one; nothing may be found before."""
    noted(f"{name}.before", find, facts)
    if inside:
        noted(name, lambda f: leave(f) or find(f), facts)
        return
    noted(f"{name}.leave", leave, facts)
    if name == "a_link_where_the_writer_writes":
        with open(SERVED, "w") as file:
            file.write(DATA)
    noted(name, find, facts)


def play(name, facts):
    """The mock runner: a process with things open, below it the bait."""
    channel, other = socket.socketpair()
    os.set_inheritable(other.fileno(), True)
    secret = os.open(facts["secret"], os.O_RDONLY)
    back = os.open(os.path.join(facts["outside"], "victim.txt"), os.O_RDONLY)
    folder = f"/home/work/{name}"
    os.makedirs(f"{folder}/part")
    os.chdir(folder)
    with open(SERVED, "w") as file:
        file.write(DATA)
    reader = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    facts = {**facts, "root": folder, "reader": reader.stdin.fileno()}
    os.environ["PYTHONPATH"] = ""
    modules = {module: importlib.import_module(module) for module in ("escape_tools", *MODULES)}
    for module in modules.values():
        vars(module)["PARENT"] = os.getpid()
    if name in LEAVE:
        leave, find = (
            getattr(modules[WHERE[f"{part}_{name}"]], f"{part}_{name}") for part in ("leave", "find")
        )
        pair(name, leave, find, name in modules["escape_stay"].INSIDE, facts)
    else:
        noted(name, getattr(modules[WHERE[name]], name), facts)
    for thing in (channel, other, reader.stdin):
        thing.close()
    os.close(secret)
    os.close(back)


def main(facts):
    prepare(facts)
    doors = serve(facts)
    for name in facts["names"]:
        runner = os.fork()
        if runner == 0:
            try:
                play(name, facts)
            finally:
                os._exit(0)
        wait(runner)
        said = "no answer"
        until = time.monotonic() + 1.0
        while not os.path.exists(f"/tmp/results/{name}") and time.monotonic() < until:
            time.sleep(0.01)
        if os.path.exists(f"/tmp/results/{name}"):
            with open(f"/tmp/results/{name}") as file:
                said = file.read()
        for part in ("before", "leave"):
            path = f"/tmp/results/{name}.{part}"
            if os.path.exists(path):
                with open(path) as file:
                    text = file.read()
                if part == "before" and text == "worked":
                    said = "found before it was left"
                elif part == "leave" and "(" in text:
                    said = text
        print(json.dumps([name, said]), flush=True)
    print(json.dumps(["end", "lives"]), flush=True)
    for door in doors:
        door.close()
    os._exit(0)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
