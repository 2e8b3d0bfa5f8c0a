from flask import Blueprint, g, request, session

OWNER = "olga"
blueprint = Blueprint("accounts", __name__)


@blueprint.before_app_request
def load_user():
    g.user = session.get("user")


@blueprint.route("/login", methods=["GET", "POST"])
def login():
    if request.method == "GET":
        return "<form method=post><input name=name></form>"
    session["user"] = request.form["name"]
    return "", 204
