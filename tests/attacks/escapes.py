"""Which escapes are tried on the sandbox? Their names; which cannot be shown to work without it, and why.

The escapes are the functions of the files escape_*.py, only named here.
"""

from __future__ import annotations

import ast
from pathlib import Path

HERE = Path(__file__).parent
TOOLS = "escape_tools.py"
ROOT = "only root may, and nobody is root there"
OLD = "this kernel was built without it"
UNPROVEN = {
    "sends_raw_packets": ROOT,
    "makes_a_device": ROOT,
    "opens_a_disk": "no disk of the machine is bound into the outer box",
    "writes_the_kernels_settings": ROOT,
    "presses_the_magic_key": ROOT,
    "enters_the_namespaces_of_its_parent": ROOT,
    "sets_the_clock": ROOT,
    "loads_another_kernel": ROOT,
    "reaches_the_ports_of_the_machine": ROOT,
    "makes_a_file_system": ROOT,
    "becomes_root": ROOT,
    "becomes_root_by_a_program": "the outer box has no program that is root's for everybody",
    "reaches_the_internet": "the outer box has no network",
    "asks_for_a_name": "the outer box has no network",
    "opens_the_terminal_of_its_caller": "the outer box has no terminal",
}
"""Not counted among the proven. They are tried in the sandbox like all others."""
MAY_BE_MISSING = {
    "loads_a_program_into_the_kernel", "counts_with_the_processor", "reads_the_kernels_log",
    "asks_for_a_ring",
    "catches_page_faults", "types_into_a_terminal", "speaks_to_the_hypervisor", "uses_the_kernels_ciphers",
    "keeps_a_key_in_the_kernel", "a_key", "calls_as_a_32_bit_program", "a_flag_of_a_folder",
    "an_attribute_of_a_folder", "an_attribute_of_a_source", "an_attribute_of_its_root", "fills_attributes",
    "a_shared_segment", "a_queue_of_messages", "a_semaphore", "a_named_queue", "becomes_root_of_a_namespace",
    "clones_into_a_namespace", "clones_with_a_hidden_flag", "mounts_in_a_namespace",
    "changes_its_root_in_a_namespace", "renames_the_machine_in_a_namespace",
    "makes_raw_packets_in_a_namespace", "traces_its_parent", "reads_its_parent_with_readv",
    "writes_its_parent_with_writev", "takes_a_descriptor_of_its_parent", "compares_itself_with_its_parent",
    "reads_the_memory_of_its_parent", "writes_the_memory_of_its_parent", "fills_the_pipes_of_its_user",
}  # fmt: skip
"""A kernel may lack the door, or be set to keep it shut for everybody: then it is not proven there."""
STATED = {
    "finds_the_modules_of_sixkeys": "that a file outside is there can be asked by name; it cannot be read",
    "fills_the_disk": "what is written is watched, ten times a second, and the run ended; not walled",
    "fills_its_folder": "what is written is watched, ten times a second, and the run ended; not walled",
}
"""What may succeed where there are no namespaces; the tier's own list of weaknesses says so."""
LEFT_ALONE = (
    "a_conftest", "a_changed_source", "a_source_changed_through_memory", "an_old_time_on_a_changed_source",
    "another_file_in_its_place", "poisoned_bytecode", "a_source_gone", "a_source_closed",
    "an_attribute_of_a_source", "a_link_where_the_writer_writes", "a_daemon_that_writes",
)  # fmt: skip
"""Of what is left: those that would disturb the others in the same run."""


def functions(name: str) -> list[str]:
    """The names of a file's functions that are no helpers, in order; nothing is imported."""
    tree = ast.parse((HERE / f"{name}.py").read_text())
    return [
        node.name for node in tree.body if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
    ]


MODULES = ("escape_reach", "escape_kernel", "escape_leave", "escape_stay", "escape_loud")
WHERE = {name: module for module in MODULES for name in functions(module)}
"""Function -> the file it is in. `leave_X` and `find_X` are one escape, X."""
REACH = [name for name, module in WHERE.items() if module in MODULES[:2]]
LEAVE = [name.removeprefix("leave_") for name in WHERE if name.startswith("leave_")]
LOUD = functions("escape_loud")
ALL = [*REACH, *LEAVE, *LOUD]


def texts() -> dict[str, str]:
    """The files of all escapes, as they are sent inside."""
    names = (TOOLS, *(f"{module}.py" for module in MODULES))
    return {name: (HERE / name).read_text() for name in names}
