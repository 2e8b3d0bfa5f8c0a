"""A stack in moto that is as it should be, and the doctor who looks at it."""

from collections.abc import Iterator
from typing import Any

import pytest
from boto3.session import Session
from moto import mock_aws
from msgspec.structs import replace

from penstock import Penstock, __version__
from penstock.aws import connection
from penstock.aws.inspector import AwsInspector
from penstock.doctor import Names, Report, examine, usual_names
from penstock.queue_list import QueueList
from penstock.settings import Settings
from penstock.versions import FUNCTION, Announcement
from tests.doctor.stack import SERVICES, Stack, build, session


@pytest.fixture(scope="session")
def aws() -> Session:
    with mock_aws():
        return session()


@pytest.fixture(scope="session")
def clients(aws: Session) -> dict[str, Any]:
    """boto3's clients: costly to make, so once for all tests."""
    make: Any = aws.client
    with mock_aws():
        return {service: make(service) for service in SERVICES}


@pytest.fixture
def stack(clients: dict[str, Any]) -> Iterator[Stack]:
    with mock_aws():
        yield build(clients)


class Doctor:
    """Examines the stack as ``flask penstock doctor`` does."""

    def __init__(self, stack: Stack, aws: Session) -> None:
        self.tasks = Penstock()
        self._aws = aws
        self.connect(stack.settings)

        @self.tasks.task(max_attempts=5)
        def thumbnail(key: str) -> None: ...

        @self.tasks.task(queue="orders", max_attempts=3)
        def ship(order: int) -> None: ...

        announce(self.tasks)

    def connect(self, settings: Settings) -> None:
        """Look with other settings."""
        ports = connection.ports(settings)
        self.tasks.connect(replace(ports, inspector=AwsInspector(self._aws, settings)))

    def examine(self, names: Names | None = None, queue_list: QueueList | None = None) -> Report:
        names = names or usual_names(self.tasks.ports.settings)
        return examine(self.tasks, names, version=__version__, queue_list=queue_list)


def announce(tasks: Penstock, *, version: str = __version__) -> None:
    """What the workers say at their first batch."""
    Announcement(tasks.ports, kind=FUNCTION, version=version).make(tasks.ports.settings.queues)


@pytest.fixture
def doctor(stack: Stack, aws: Session) -> Doctor:
    return Doctor(stack, aws)
