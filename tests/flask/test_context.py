"""Tasks in a Flask app's context."""

import pytest
from flask import Flask, current_app

from penstock import Penstock
from penstock.errors import ConfigurationError
from penstock.flask import in_app_context
from tests.lifecycle.world import World

torn_down: list[str] = []
made: list[str] = []


def create_app() -> Flask:
    app = Flask("shop")
    app.teardown_appcontext(lambda _error: torn_down.append("down"))
    return app


def create_once() -> Flask:
    made.append("once")
    return create_app()


def nothing() -> None: ...


NOT_AN_APP = object()


@pytest.fixture
def world() -> World:
    torn_down.clear()
    world = World()
    world.tasks.middleware(in_app_context(create_app))
    return world


def test_a_task_sees_the_current_app(world: World) -> None:
    @world.tasks.task
    def name() -> str:
        return current_app.name

    result = name.enqueue()
    world.drain()
    assert result.refresh().return_value == "shop"


def test_the_context_is_torn_down_after_each_run(world: World) -> None:
    task = world.tasks.task(nothing)
    task.enqueue()
    task.enqueue()
    world.drain()
    assert torn_down == ["down", "down"]


def test_a_hook_sees_the_current_app(world: World) -> None:
    told: list[str] = []
    world.tasks.on_success(lambda _ended: told.append(current_app.name))
    task = world.tasks.task(nothing)
    task.enqueue()
    world.drain()
    assert (told, torn_down) == (["shop"], ["down", "down"])


def test_an_app_of_one_name_is_made_once() -> None:
    in_app_context("tests.flask.test_context:create_once")
    in_app_context("tests.flask.test_context:create_once")
    assert made == ["once"]


def test_the_factory_can_be_named() -> None:
    assert callable(in_app_context("tests.flask.test_context:create_app"))


@pytest.mark.parametrize("path", ["shop", "shop:", "no.such.module:create_app", "tests.flask.test_context:missing"])
def test_a_name_that_leads_nowhere_is_refused_at_start_up(path: str) -> None:
    with pytest.raises(ConfigurationError, match="in_app_context"):
        in_app_context(path)


def test_what_is_no_flask_app_is_refused_at_start_up() -> None:
    with pytest.raises(ConfigurationError, match="no Flask app"):
        in_app_context("tests.flask.test_context:NOT_AN_APP")


def test_a_penstock_without_the_middleware_runs_tasks_without_a_context() -> None:
    tasks = Penstock()
    assert tasks.hooks.middleware == []
