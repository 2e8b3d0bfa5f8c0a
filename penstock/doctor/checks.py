"""The list of checks, in the order of the report: all that these modules have. To add one is to write it there, and its test."""

from penstock.doctor import (
    access,
    clock,
    dead_letters,
    functions,
    mappings,
    payloads,
    queue_list,
    queues,
    reconciler,
    strays,
    table,
    versions,
)
from penstock.doctor.checking import Check

_MODULES = (
    queues, dead_letters, mappings, functions, table, payloads, access, reconciler, clock, versions, queue_list, strays,
)  # fmt: skip
CHECKS = tuple(value for module in _MODULES for value in vars(module).values() if isinstance(value, Check))
