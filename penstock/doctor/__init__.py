"""What is live against what must hold: finds the misconfiguration before the incident does.

Facts first, then judgement. ``ports.inspector`` reads what is there (penstock/aws/inspector.py); the checks are pure functions
over a Case, one module a subject. Nothing here writes, and no message is received.
"""

from penstock.doctor.case import Names
from penstock.doctor.checking import Check, Finding, Severity
from penstock.doctor.checks import CHECKS
from penstock.doctor.examination import Report, examine, usual_names
from penstock.doctor.not_checked import NotChecked

__all__ = ["CHECKS", "Check", "Finding", "Names", "NotChecked", "Report", "Severity", "examine", "usual_names"]
