"""An app that knows nothing of Penstock, with a login, a database, pages and rules of its own, is not disturbed by a mount."""

import pytest
from flask import Blueprint, Flask, abort, g, redirect, request, session, url_for
from flask_cors import CORS
from sqlalchemy import String, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.pool import StaticPool

from penstock.flask import mount
from penstock.flask.access import HostLogin
from tests.flask.people import API, OWN_PAGE, PREFIX, signed_in_as


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"
    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    is_staff: Mapped[bool]


def create_app():
    """A shop: users in a database, a login page, a blueprint, error pages, hooks, all its own."""
    app = Flask("shop")
    app.config.update(SECRET_KEY="the shop's", SESSION_COOKIE_NAME="shop", MAX_CONTENT_LENGTH=1000)
    engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
    Base.metadata.create_all(engine)
    with Session(engine) as database, database.begin():
        database.add_all([User(name="ada", is_staff=True), User(name="eve", is_staff=False)])

    @app.before_request
    def load_user():
        g.seen = True
        with Session(engine) as database:
            name = session.get("user", "")
            g.user = database.scalars(select(User).where(User.name == name)).one_or_none()

    @app.after_request
    def own_headers(response):
        response.headers["Content-Security-Policy"] = "default-src *"
        response.headers["X-Shop"] = "1"
        return response

    @app.errorhandler(404)
    def nothing(_error):
        return "the shop has nothing here", 404

    @app.errorhandler(405)
    def not_so(_error):
        return "the shop does not do that", 405

    @app.context_processor
    def for_pages():
        return {"signed_in": "the shop's own", "navigation": "the shop's own"}

    @app.get("/")
    def home():
        return url_for("home") + " " + url_for("orders.list_orders") + " " + url_for("static", filename="shop.css")

    @app.route("/login", methods=["GET", "POST"])
    def login():
        if request.method == "GET":
            return "the shop's login"
        session["user"] = request.form["name"]
        return redirect(request.args["next"])

    orders = Blueprint("orders", __name__, url_prefix="/orders")
    orders.get("/")(list_orders)
    app.register_blueprint(orders)
    engine_of[app] = engine
    return app


engine_of = {}


def list_orders():
    return {"orders": 7, "user": g.user and g.user.name}


def who():
    """The shop's user, for Penstock."""
    if g.user is None:
        return None
    return (g.user.name, "operator") if g.user.is_staff else abort(403)


@pytest.fixture
def plain():
    app = create_app()
    yield app.test_client()
    engine_of.pop(app).dispose()


@pytest.fixture
def client(tasks):
    app = create_app()
    mount(app, sign_in=HostLogin(who, login_url="/login"), tasks=tasks, allow_enqueue=("double",))
    yield app.test_client()
    engine_of.pop(app).dispose()


REQUESTS = [
    ("GET", "/"),
    ("GET", "/orders/"),
    ("GET", "/orders"),
    ("GET", "/login"),
    ("GET", "/nowhere"),
    ("GET", "/penstocks"),
    ("POST", "/orders/"),
    ("OPTIONS", "/orders/"),
    ("HEAD", "/"),
    ("POST", "/login?next=/orders/"),
]


@pytest.mark.parametrize(("method", "path"), REQUESTS)
def test_every_answer_of_the_app_is_what_it_was_before(plain, client, method, path):
    before, after = (
        c.open(path, method=method, data={"name": "ada"} if method == "POST" else None) for c in (plain, client)
    )
    drop = ("Set-Cookie",)  # its signature has a time
    assert (after.status_code, after.data) == (before.status_code, before.data)
    assert [pair for pair in after.headers if pair[0] not in drop] == [
        pair for pair in before.headers if pair[0] not in drop
    ]


def test_a_stranger_signs_in_with_the_app_s_login_and_comes_back(client):
    login = client.get(f"{PREFIX}/").location
    assert login == "/login?next=/penstock/"
    back = client.post(login, data={"name": "ada"})
    assert signed_in_as(client.get(back.location)) == "ada, operator, by host"


def test_a_user_whom_the_app_gives_no_role_is_refused(client):
    client.post("/login?next=/", data={"name": "eve"})
    assert client.get(f"{PREFIX}/").status_code == 403


def test_the_app_s_own_session_goes_on(client):
    client.post("/login?next=/", data={"name": "ada"})
    client.get(f"{PREFIX}/")
    assert client.get("/orders/").json["user"] == "ada"


@pytest.fixture
def ada(client):
    client.post("/login?next=/", data={"name": "ada"})
    return client


def test_the_app_s_user_enqueues(ada):
    response = ada.post(f"{API}/tasks", json={"task": "double", "args": [21]}, headers=OWN_PAGE)
    assert response.status_code == 202


def test_the_app_s_size_limit_is_not_the_api_s(ada):
    body = {"task": "double", "args": [21], "task_id": "x" * 2000}
    assert ada.post(f"{API}/tasks", json=body, headers=OWN_PAGE).status_code == 422


def test_the_app_s_before_request_runs_for_our_pages_too(ada):
    with ada:
        ada.get(f"{PREFIX}/")
        assert g.seen


@pytest.mark.parametrize("path", [f"{PREFIX}/nowhere", f"{API}/nowhere", f"{API}/tasks/nowhere"])
def test_what_we_do_not_have_is_not_the_app_s_page(ada, path):
    response = ada.get(path)
    assert (response.status_code, "the shop" in response.text) == (404, False)


def test_what_we_do_not_do_is_not_the_app_s_page(ada):
    response = ada.get(f"{API}/tasks/nowhere/retries")
    assert (response.status_code, response.content_type) == (405, "application/problem+json")


@pytest.mark.parametrize("path", [f"{PREFIX}/", f"{API}/nowhere"])
def test_the_app_s_headers_do_not_loosen_ours(ada, path):
    headers = ada.get(path).headers
    assert headers.getlist("Content-Security-Policy")[0].startswith("default-src 'none'")
    assert (len(headers.getlist("Content-Security-Policy")), headers["X-Shop"]) == (1, "1")


def test_other_sites_that_may_read_the_app_s_answers_may_not_read_ours(tasks):
    app = create_app()
    CORS(app, origins="*", supports_credentials=True)
    mount(app, sign_in=HostLogin(who), tasks=tasks)
    client = app.test_client()
    client.post("/login?next=/", data={"name": "ada"})
    answers = [client.get(path, headers={"Origin": "https://evil.example"}) for path in ("/orders/", f"{PREFIX}/")]
    engine_of.pop(app).dispose()
    assert [answer.status_code for answer in answers] == [200, 200]
    assert ["Access-Control-Allow-Origin" in answer.headers for answer in answers] == [True, False]


def test_the_app_s_variables_do_not_replace_ours_in_our_templates(ada):
    assert "the shop" not in ada.get(f"{PREFIX}/").text
