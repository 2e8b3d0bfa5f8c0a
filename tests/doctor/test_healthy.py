"""A stack as Terraform makes it gives no finding, and nothing of it stays unseen."""

from tests.doctor.conftest import Doctor
from tests.doctor.stack import QUEUES


def test_a_stack_as_it_should_be_gives_no_finding_and_nothing_stays_unseen(doctor: Doctor) -> None:
    report = doctor.examine(queue_list=QUEUES)
    assert (report.findings, report.not_checked, report.not_here) == ([], [], [])
    assert report.is_well
