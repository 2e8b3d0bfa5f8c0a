"""docs/security.md: its Python runs as it stands there."""

import re
import sys
from pathlib import Path
from types import ModuleType

import pytest
from flask import Flask

from penstock import Penstock, memory
from tests.flask.people import SECRET_KEY

PAGE = (Path(__file__).parents[2] / "docs" / "security.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


class CurrentUser:
    is_authenticated, is_staff, name = True, True, "ada"


@pytest.mark.parametrize("block", BLOCKS)
def test_a_mount_of_the_page_works(block, monkeypatch):
    flask_login = ModuleType("flask_login")
    flask_login.current_user = CurrentUser()
    monkeypatch.setitem(sys.modules, "flask_login", flask_login)
    tasks = Penstock()
    tasks.connect(memory.ports())

    @tasks.task
    def make_report() -> None: ...

    app = Flask("shop")
    app.config["SECRET_KEY"] = SECRET_KEY
    exec(compile(block, "docs/security.md", "exec"), {"app": app, "tasks": tasks})

    may_enter = "HostLogin" in block
    assert (app.test_client().get("/penstock/").status_code == 200) == may_enter
