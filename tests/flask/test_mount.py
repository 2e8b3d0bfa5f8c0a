"""mount: what it refuses at start-up, and that it works wherever a Flask app is."""

import pytest
from flask import Flask
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.test import Client

from penstock import Penstock, memory
from penstock.errors import ConfigurationError
from penstock.flask import init_app, mount
from penstock.flask.access import ApiKeys, LocalOnly
from tests.flask.people import API, KEYS, OWN_FORM, OWN_PAGE, PREFIX, SECRET_KEY, TABLE, bearer, sign_in, signed_in_as


def new_app(name="shop"):
    app = Flask(name)
    app.config["SECRET_KEY"] = SECRET_KEY
    return app


# What is refused


@pytest.mark.parametrize("options", [{}, {"sign_in": None}, {"sign_in": []}])
def test_without_a_decision_about_sign_in_the_mount_is_refused_with_what_to_write(tasks, options):
    with pytest.raises(ConfigurationError, match=r"mount\(app, sign_in=ApiKeys\(\)\)"):
        mount(new_app(), tasks=tasks, **options)


@pytest.mark.parametrize("way", ["none", True, ApiKeys, print])
def test_what_is_no_way_to_sign_in_is_refused(tasks, way):
    with pytest.raises(ConfigurationError, match="no way to sign in"):
        mount(new_app(), sign_in=[way], tasks=tasks)


def test_a_second_mount_on_one_app_is_refused(app):
    with pytest.raises(ConfigurationError, match="called twice"):
        mount(app, "/other", sign_in=LocalOnly())


@pytest.mark.parametrize(
    "prefix", ["", "/", "penstock", "/penstock/", "//penstock", "/pen stock", "/<name>", "/..", "/a/../b", "/a?b", None]
)
def test_a_prefix_that_is_no_path_is_refused(tasks, prefix):
    with pytest.raises(ConfigurationError, match="write a path of its own"):
        mount(new_app(), prefix, sign_in=LocalOnly(), tasks=tasks)


@pytest.mark.parametrize("rule", ["/penstock", "/penstock/", "/penstock/orders/<int:id>"])
def test_a_prefix_where_the_app_has_something_is_refused(tasks, rule):
    app = new_app()
    app.add_url_rule(rule, "own", lambda **_: "own")
    with pytest.raises(ConfigurationError, match="choose another prefix"):
        mount(app, sign_in=LocalOnly(), tasks=tasks)


def test_a_prefix_beside_the_app_s_own_paths_is_taken(tasks):
    app = new_app()
    app.add_url_rule("/penstocks", "own", lambda: "own")
    mount(app, sign_in=LocalOnly(), tasks=tasks)
    assert app.test_client().get("/penstocks").text == "own"


def test_without_tasks_the_mount_is_refused():
    with pytest.raises(ConfigurationError, match=r"init_app\(app, tasks\)"):
        mount(new_app(), sign_in=LocalOnly())


def test_other_tasks_than_init_app_s_are_refused(tasks):
    app = new_app()
    init_app(app, tasks)
    with pytest.raises(ConfigurationError, match="other tasks"):
        mount(app, sign_in=LocalOnly(), tasks=Penstock())


@pytest.mark.parametrize(("names", "words"), [(("nowhere",), "'nowhere'"), ("double", "one text")])
def test_an_allow_list_that_cannot_be_meant_is_refused(tasks, names, words):
    with pytest.raises(ConfigurationError, match=words):
        mount(new_app(), sign_in=LocalOnly(), tasks=tasks, allow_enqueue=names)


def test_a_refused_mount_leaves_nothing_behind(tasks):
    app = new_app()
    with pytest.raises(ConfigurationError):
        mount(app, sign_in=LocalOnly(), tasks=tasks, allow_enqueue=("nowhere",))
    assert (app.test_client().get(f"{PREFIX}/").status_code, set(app.blueprints)) == (404, set())


def test_nothing_may_be_enqueued_unless_it_is_named(tasks):
    app = new_app()
    mount(app, sign_in=ApiKeys(TABLE), tasks=tasks)
    response = app.test_client().post(f"{API}/tasks", json={"task": "double", "args": [1]}, headers=bearer("ada"))
    assert (response.status_code, response.json["detail"]) == (
        403,
        "the task 'double' may not be enqueued here; these may: none",
    )


def test_the_tasks_of_the_mount_are_under_flask_penstock(app):
    assert "dlq" in app.test_cli_runner().invoke(args=["penstock", "--help"]).output


# Wherever it is


def test_another_prefix_moves_the_dashboard_and_the_api(tasks):
    app = new_app()
    mount(app, "/admin/tasks-of.shop", sign_in=ApiKeys(TABLE), tasks=tasks)
    client = app.test_client()
    sign_in(client, "vera", prefix="/admin/tasks-of.shop")
    assert client.get("/admin/tasks-of.shop/").status_code == 200
    assert client.get("/admin/tasks-of.shop/api/v1/tasks/x").status_code == 404


def test_the_prefix_without_its_slash_leads_to_the_dashboard(stranger):
    assert stranger.get(PREFIX).location == f"http://localhost{PREFIX}/"


STAGE = {"SCRIPT_NAME": "/prod"}  # Zappa says so for a stage of API Gateway


def test_below_a_stage_the_way_to_the_sign_in_page_has_the_stage(stranger):
    response = stranger.get(f"{PREFIX}/", environ_overrides=STAGE)
    assert response.location == "/prod/penstock/sign-in?next=/prod/penstock/"


def test_below_a_stage_the_cookie_is_for_our_paths_there(stranger):
    cookie = sign_in(stranger, "otto", environ_overrides=STAGE).headers["Set-Cookie"]
    assert "Path=/prod/penstock;" in cookie


def test_below_a_stage_a_visitor_comes_to_where_he_wanted_to_be(stranger):
    response = stranger.post(
        f"{PREFIX}/sign-in?next=/prod/penstock/?queue=images",
        data={"key": KEYS["otto"][1]},
        headers=OWN_FORM,
        environ_overrides=STAGE,
    )
    assert response.location == "/prod/penstock/?queue=images"


def test_below_a_stage_another_app_of_the_host_is_no_place_of_ours(stranger):
    response = stranger.post(
        f"{PREFIX}/sign-in?next=/penstock/", data={"key": KEYS["otto"][1]}, headers=OWN_FORM, environ_overrides=STAGE
    )
    assert response.location == "/prod/penstock/"


def test_below_a_stage_an_enqueued_task_has_its_place_there(client):
    response = client.post(f"{API}/tasks", json={"task": "double", "args": [1]}, environ_overrides=STAGE)
    assert response.location.startswith("/prod/penstock/api/v1/tasks/")


FORWARDED = {
    "X-Forwarded-For": "203.0.113.7",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "ops.example.com",
    "X-Forwarded-Prefix": "/shop",
}


def test_behind_a_proxy_that_the_app_knows_the_cookie_is_secure_and_the_origin_is_the_public_one(app):
    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1, x_prefix=1)
    headers = {**FORWARDED, "Origin": "https://ops.example.com"}
    response = sign_in(app.test_client(), "otto", headers=headers)
    assert response.status_code == 303
    assert response.headers["Set-Cookie"].partition("; ")[2] == "Secure; HttpOnly; Path=/shop/penstock; SameSite=Lax"


def test_behind_a_proxy_nobody_is_local(tasks):
    app = new_app()
    mount(app, sign_in=LocalOnly(), tasks=tasks)
    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1)
    assert app.test_client().get(f"{PREFIX}/", headers={"X-Forwarded-For": "127.0.0.1"}).status_code == 401


def test_two_apps_of_one_process_keep_their_own_tasks_keys_and_sessions(clock):
    def app_of(name, person):
        tasks = Penstock()
        tasks.connect(memory.ports(clock=clock))

        @tasks.task(name=f"task_of_{name}")
        def work() -> None: ...

        app = new_app(name)
        mount(app, sign_in=ApiKeys({person: TABLE[person]}), tasks=tasks, allow_enqueue=(f"task_of_{name}",))
        return app

    shop, blog = app_of("shop", "otto"), app_of("blog", "ada")
    client = Client(DispatcherMiddleware(shop, {"/blog": blog}))
    enqueue = {"json": {"task": "task_of_blog"}, "method": "POST", "headers": OWN_PAGE}

    client.post("/blog/penstock/sign-in", data={"key": KEYS["ada"][1]}, headers=OWN_FORM)

    assert signed_in_as(client.get("/blog/penstock/")) == "ada, admin, by api key"
    assert client.get("/penstock/").status_code == 303
    assert client.open(f"/blog{API}/tasks", **enqueue).status_code == 202
    client.post("/penstock/sign-in", data={"key": KEYS["otto"][1]}, headers=OWN_FORM)
    assert client.open(f"{API}/tasks", **enqueue).status_code == 404
    assert signed_in_as(client.get("/blog/penstock/")) == "ada, admin, by api key"


def test_one_way_to_sign_in_may_serve_two_apps(tasks, clock):
    keys = ApiKeys()
    shop, blog = new_app("shop"), new_app("blog")
    shop.config["PENSTOCK_API_KEYS"] = {"otto": TABLE["otto"]}
    blog.config["PENSTOCK_API_KEYS"] = {"ada": TABLE["ada"]}
    for app in (shop, blog):
        mount(app, sign_in=keys, tasks=tasks)
    statuses = [app.test_client().get(f"{API}/tasks/x", headers=bearer("ada")).status_code for app in (shop, blog)]
    assert statuses == [401, 404]
