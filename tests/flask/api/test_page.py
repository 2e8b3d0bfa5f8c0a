"""docs/api.md is true: its commands run against a server on this machine, and its table is the API's."""

import json
import os
import re
import shutil
import subprocess
import threading
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.serving import make_server

from penstock import Penstock, Reject, memory
from penstock.flask import mount
from penstock.flask.access import ApiKeys
from penstock.flask.api.openapi import places
from tests.flask.conftest import Worker
from tests.flask.people import API, KEYS, SECRET_KEY, TABLE
from tests.flask.stack import build

TEXT = (Path(__file__).parents[3] / "docs" / "api.md").read_text(encoding="utf-8")
MARK = "---answer---"
TABLE_HEAD = "| method | path | role | what it does |\n|---|---|---|---|\n"


@pytest.fixture
def server():
    """The page's app on loopback, with what has died there."""
    tasks = Penstock()

    @tasks.task
    def make_report(month: str, token: str = "t0p") -> str:
        if not 1 <= int(month[5:]) <= 12:
            raise Reject(f"{month} is no month")
        return month

    @tasks.task
    def send(to: str) -> None:
        raise Reject("no such address")

    tasks.connect(memory.ports())
    app = Flask("shop")
    app.config["SECRET_KEY"] = SECRET_KEY
    mount(app, sign_in=ApiKeys(TABLE), tasks=tasks, allow_enqueue=("make_report",))
    for to in ("ann", "bob"):
        send.enqueue(to)
        Worker(tasks).bury()
    make_report.using(task_id="report-7").enqueue("2026-13", token="hunter2")
    Worker(tasks).bury()
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}{API}"
    server.shutdown()
    server.server_close()


def differences(expected, found, place="$"):
    """Where an answer lacks what the page shows; "..." stands for whatever there is."""
    if expected == "...":
        return []
    if isinstance(expected, dict) and isinstance(found, dict):
        parts = ((key, value, found.get(key, "nothing")) for key, value in expected.items())
        return [line for key, one, other in parts for line in differences(one, other, f"{place}.{key}")]
    if isinstance(expected, list) and isinstance(found, list) and expected:
        return [line for n, one in enumerate(expected) for line in differences(one, found[n], f"{place}[{n}]")]
    return [] if expected == found else [f"{place} is {found!r}, and the page says {expected!r}"]


def test_the_page_s_commands_answer_as_it_says(server):
    if not (shutil.which("curl") and shutil.which("bash")):
        pytest.skip("needs curl and bash")
    blocks = re.findall(r"^```(sh|json)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    script = "".join(f"\necho '\n{MARK}'\n{text}" if kind == "sh" else "" for kind, text in blocks)
    environ = {**os.environ, "API": server, "KEY": KEYS["otto"][1], "NO_PROXY": "*"}
    done = subprocess.run(
        ["bash", "-euc", script], env=environ, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    answers = iter(done.stdout.split(MARK)[1:])
    wrong, answer = [], ""
    for kind, text in blocks:
        if kind == "sh":
            answer = next(answers).strip()
        else:
            wrong += differences(json.loads(text), json.loads(answer))
    assert wrong == []


def test_the_page_s_table_is_the_api_s():
    rows = [
        f"| {place.method.upper()} | `{place.path}` | {place.route.role.word} | {place.route.summary} |"
        for place in places(build(), "penstock_api")
    ]
    assert TEXT.partition(TABLE_HEAD)[2].splitlines() == rows, "write these rows:\n" + "\n".join(rows)
