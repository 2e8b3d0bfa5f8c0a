"""Retrying or discarding many: first the page that says exactly what will happen, then the page that does it step by step."""

from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from msgspec.structs import replace
from werkzeug.exceptions import BadRequest

from penstock import operations as core
from penstock.app import Penstock
from penstock.errors import InvalidSearch
from penstock.flask.access import Mounted, Role, acted, identity, requires
from penstock.flask.dashboard.answers import led_to, part, version_of
from penstock.flask.dashboard.listing import page_of
from penstock.operations import MAX_COUNTED, Kind, Operation, State
from penstock.search import Search
from penstock.states import Status
from penstock.times import seconds

SAMPLE = 10
STEP_SECONDS = 2.0
IDLE = seconds(20)  # without a step for so long, nobody has its page open


def add_views(dashboard: Blueprint, mount: Mounted) -> None:
    """The list, the dry run, the operation's page with its steps, and its end."""
    tasks = mount.tasks

    @dashboard.get("/operations")
    @requires(Role.VIEWER)
    def operations() -> str:
        return render_template("penstock/operations.html", operations=core.recent(tasks))

    @dashboard.get("/operations/new")
    @requires(Role.OPERATOR)
    def new_operation() -> str:
        kind, search = _kind(request.args.get("kind", "")), _search(tasks, request.args.get("q", ""))
        number, is_all = core.count(tasks, search)
        return render_template(
            "penstock/operation_new.html",
            kind=kind,
            search=search,
            q=search.to_text(),
            number_of=number,
            is_all=is_all,
            most=MAX_COUNTED,
            page=page_of(tasks, search, limit=SAMPLE),
            back_url=url_for(".tasks", q=search.to_text()),
        )

    @dashboard.post("/operations")
    @requires(Role.OPERATOR)
    def start_operation() -> ResponseReturnValue:
        kind, chosen, who = _kind(request.form.get("kind", "")), request.form.getlist("id"), identity().name
        if not chosen and "q" not in request.form:
            raise BadRequest("Choose at least one task first.")
        search = None if chosen else _search(tasks, request.form["q"])
        subject = f"tasks:{search.to_text()}" if search is not None else f"tasks:{len(chosen)} chosen"
        acted(f"{kind.value} many", subject, chosen=chosen or None)
        operation = core.start(tasks, kind, by=who, search=search, chosen=chosen)
        return led_to(".operation", operation_id=operation.id, go="1")

    @dashboard.get("/operations/<operation_id>")
    @requires(Role.VIEWER)
    def operation(operation_id: str) -> ResponseReturnValue:
        found = core.get(tasks, operation_id)
        if "seen" in request.args:  # by a visitor who only watches
            return part("penstock/parts/operation.html", **_shown(found, goes_on=False))
        # A link must not make its reader do what somebody else has begun: that takes a click.
        goes_on = "go" in request.args and found.driver == identity().name
        return render_template("penstock/operation.html", **_shown(found, goes_on=goes_on))

    @dashboard.post("/operations/<operation_id>/steps")
    @requires(Role.OPERATOR)
    def step(operation_id: str) -> str:
        found = core.get(tasks, operation_id)
        is_mine = found.driver == identity().name  # else somebody has resumed it elsewhere, and this page only watches
        if is_mine:
            found = core.step(tasks, operation_id, for_seconds=STEP_SECONDS)
        return render_template("penstock/parts/operation.html", **_shown(found, goes_on=is_mine))

    @dashboard.post("/operations/<operation_id>/resumes")
    @requires(Role.OPERATOR)
    def resume_operation(operation_id: str) -> str:
        found, who = core.get(tasks, operation_id), identity().name
        if not found.is_driven_by(who):
            acted("resume operation", f"operation:{operation_id}", begun_by=found.by)
        found = core.resume(tasks, operation_id, by=who)
        return render_template("penstock/parts/operation.html", **_shown(found, goes_on=True))

    @dashboard.post("/operations/<operation_id>/stops")
    @requires(Role.OPERATOR)
    def stop(operation_id: str) -> ResponseReturnValue:
        acted("stop operation", f"operation:{operation_id}")
        core.stop(tasks, operation_id)
        return led_to(".operation", operation_id=operation_id, done="stopped")

    def _shown(found: Operation, *, goes_on: bool) -> dict[str, Any]:
        is_running = found.state is State.RUNNING
        return {
            "operation": found,
            "is_running": is_running,
            "goes_on": goes_on and is_running,
            "is_idle": is_running and not goes_on and tasks.ports.clock() - found.updated_at > IDLE,
            "seen": version_of(found),
        }


def _kind(text: str) -> Kind:
    try:
        return Kind(text)
    except ValueError:
        raise BadRequest(f"kind={text[:20]!r}: there are {', '.join(Kind)}") from None


def _search(tasks: Penstock, text: str) -> Search:
    """The search of ``text``, up to this moment: what dies while somebody reads the page is left alone."""
    now = tasks.ports.clock()
    search = Search.parse(text, now=now)
    if search.status and search.status != {Status.DEAD}:
        raise InvalidSearch(f"only DEAD tasks can be retried or discarded, not {', '.join(sorted(search.status))}")
    return replace(search, status=frozenset({Status.DEAD}), until=min(search.until or now, now))
