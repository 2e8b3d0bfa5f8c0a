"""The in-memory ports: SQS, DynamoDB, S3 and CloudWatch as one process sees them, with a clock that may be moved by hand.

    tasks.connect(penstock.memory.ports())                          # real time
    clock = ManualClock()
    tasks.connect(penstock.memory.ports(clock=clock))               # time moves when the test says so

They are held to the same contract as the adapters in ``penstock.aws`` (tests/contract), and are safe between threads.
"""

from penstock.memory.bundle import SeededRandom, ports
from penstock.memory.ledger import MemoryLedger
from penstock.memory.manual_clock import ManualClock
from penstock.memory.mappings import MemoryMappings
from penstock.memory.payloads import MemoryPayloadStore
from penstock.memory.results import MemoryResultStore
from penstock.memory.stats import MemoryStats
from penstock.memory.transport import MemoryTransport

__all__ = [
    "ManualClock",
    "MemoryLedger",
    "MemoryMappings",
    "MemoryPayloadStore",
    "MemoryResultStore",
    "MemoryStats",
    "MemoryTransport",
    "SeededRandom",
    "ports",
]
