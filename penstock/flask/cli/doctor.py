"""``doctor``: what is live against what must hold."""

from itertools import groupby
from pathlib import Path

import click

from penstock import __version__
from penstock.app import Penstock
from penstock.doctor import Finding, Names, NotChecked, Report, Severity, examine, usual_names
from penstock.errors import ConfigurationError
from penstock.flask import documents
from penstock.flask.cli.base import Misused, command
from penstock.flask.cli.output import heading, number_of, say, show
from penstock.queue_list import QueueList


@command("doctor")
@click.option(
    "--queues",
    type=click.Path(path_type=Path),
    help="Compare with this list of queues too: infra/terraform/queues.auto.tfvars.json.",
)
@click.option("--reconciler", default="", metavar="NAME", help="The reconciler's function. Default: Terraform's name.")
@click.option(
    "--web-role", default="", metavar="ROLE", help="The role that the web runs as. Default: Terraform's name."
)
@click.option("--strict", is_flag=True, help="Exit code 1 for warnings too, and for anything that was not checked.")
@click.pass_context
def doctor(
    context: click.Context,
    tasks: Penstock,
    as_json: bool,
    queues: Path | None,
    reconciler: str,
    web_role: str,
    strict: bool,
) -> None:
    """Find what is set up wrongly, before it shows. It only reads: no message is received, nothing is written.

    Exit codes: 0 no error was found, 1 one was, or something essential could not be read, 2 the command line is wrong.
    """
    usual = usual_names(tasks.ports.settings)
    names = Names(reconciler or usual.reconciler, web_role or usual.web_role)
    report = examine(tasks, names, version=__version__, queue_list=_read(queues))
    show(documents.examination(report), lambda _: _report(report), as_json)
    context.exit(0 if _passes(report, strict) else 1)


def _read(path: Path | None) -> QueueList | None:
    try:
        return None if path is None else QueueList.read(path)
    except ConfigurationError as error:
        raise Misused(str(error)) from error


def _passes(report: Report, strict: bool) -> bool:
    return report.is_well and not (strict and (report.findings or report.not_checked))


def _report(report: Report) -> None:
    for subject, findings in groupby(_by_subject(report.findings), key=lambda finding: finding.subject):
        heading(subject)
        for finding in findings:
            _say_finding(finding)
    if report.not_checked:
        heading("not checked")
        for one in report.not_checked:
            _say_not_checked(one)
    if report.findings or report.not_checked:
        click.echo()
    say(_sum(report))
    if report.not_here:
        say(f"Left out, for this stand-in for AWS has no answer: {', '.join(report.not_here)}.", dim=True)


def _by_subject(findings: list[Finding]) -> list[Finding]:
    """The subject with the worst finding first, and within a subject the worst first; else in the order of the checks."""
    worst: dict[str, int] = {}
    for place, finding in enumerate(findings):  # errors come first
        worst.setdefault(finding.subject, place)
    return sorted(findings, key=lambda finding: worst[finding.subject])


def _say_finding(finding: Finding) -> None:
    colour = "red" if finding.severity is Severity.ERROR else "yellow"
    click.echo(f"  {click.style(finding.severity.value, fg=colour)} {click.style(finding.name, bold=True)}")
    say(f"    {finding.resource}: {finding.found}")
    say(f"    {finding.why}", dim=True)
    say(f"    fix: {finding.fix}")


def _say_not_checked(one: NotChecked) -> None:
    needs = f" It takes {one.permission} on {one.resource}." if one.permission else ""
    essential = "Essential: " if one.essential else ""
    say(f"  {essential}{one.subject}, {one.what}. {one.reason.rstrip('.')}.{needs}")


def _sum(report: Report) -> str:
    asked = f"{number_of(report.checks, 'check')} on {number_of(report.queues, 'queue')}"
    found = [number_of(count, severity.value) for severity in Severity if (count := report.number_of(severity))]
    if report.not_checked:
        found.append(f"{number_of(len(report.not_checked), 'thing')} not checked")
    if any(one.essential for one in report.not_checked):
        found.append("without what is essential nobody can say that the stack works")
    return f"{asked}: {', '.join(found) or 'all is well'}."
