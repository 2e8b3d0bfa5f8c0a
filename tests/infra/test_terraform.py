"""Terraform's own gates: format, validity, and the runs of infra/terraform/tests."""

import json
import re

import pytest

from tests.infra.terraform import ROOT

FILES = sorted(path for path in ROOT.rglob("*.tf") if ".terraform" not in path.parts)
_BLOCK = re.compile(r'^(variable|output) "(\w+)" \{\n(.*?)^\}', re.MULTILINE | re.DOTALL)
_SKIP = re.compile(r"checkov:skip=(\w+)(?::(.*))?")


def test_every_file_is_formatted(terraform):
    assert terraform.run("fmt", "-check", "-recursive", "-list=true").stdout == ""


def test_the_root_is_valid_without_a_warning(terraform):
    answer = json.loads(terraform.run("validate", "-json").stdout)

    assert answer["diagnostics"] == []


def test_all_runs_of_terraform_test_pass(report):
    wrong = [message["@message"] for message in report if message.get("@level") in ("error", "warn")]
    summaries = [message["test_summary"] for message in report if message["type"] == "test_summary"]

    assert wrong == []
    assert [summary["status"] for summary in summaries] == ["pass", "pass"]


def test_no_file_of_runs_is_forgotten(report):
    ran = {message["@testfile"] for message in report if message["type"] == "test_file"}

    assert ran == {f"tests/{path.name}" for path in (ROOT / "tests").glob("*.tftest.hcl")}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_variable_and_output_is_described_and_every_variable_typed(path):
    for kind, name, body in _BLOCK.findall(path.read_text(encoding="utf-8")):
        assert re.search(r'^  description\s+= ".{10,}"$', body, re.MULTILINE), f"{kind} {name}"
        assert kind == "output" or re.search(r"^  type\s+=", body, re.MULTILINE), f"variable {name}"


def test_every_check_that_checkov_skips_has_its_reason_in_the_code():
    skips = [skip for path in FILES for skip in _SKIP.findall(path.read_text(encoding="utf-8"))]

    assert skips
    assert [check for check, reason in skips if len(reason) < 10] == []
