"""The pages: upload a photo, watch the work on it."""

import json
from dataclasses import dataclass
from typing import Any

import msgspec
from flask import Blueprint, abort, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response as AnyResponse

from flask_app.access import Access
from flask_app.config import WIDTHS
from flask_app.errors import error_page
from flask_app.headers import allow_origin_of
from flask_app.tickets import TicketExpired, TicketForged, Tickets
from flask_app.uploads import Uploads
from penstock import Penstock, Status, TaskResult
from penstock.errors import ResultError
from tasks.thumbnails import Thumbnails

RECENT = 6

# Statuses in the words of a visitor.
WORDS = {
    Status.SCHEDULED: "Scheduled",
    Status.QUEUED: "In the queue",
    Status.RUNNING: "Being worked on",
    Status.RETRYING: "Will be tried again",
    Status.SUCCEEDED: "Done",
    Status.FAILED: "Not possible",
    Status.DEAD: "Stopped",
    Status.CANCELLED: "Cancelled",
    Status.EXPIRED: "Expired",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """A thumbnail on the page."""

    url: str
    width: int
    height: int
    kind: str


def pages(tasks: Penstock, uploads: Uploads, tickets: Tickets, access: Access) -> Blueprint:
    """The blueprint of all pages."""
    blueprint = Blueprint("pages", __name__)
    make_thumbnails = tasks.registry["make_thumbnails"]

    @blueprint.get("/")
    def home() -> str:
        upload, ticket = tickets.new()
        form = uploads.form(upload.key, redirect_to=url_for(".uploaded", ticket=ticket, _external=True))
        allow_origin_of(form.url)
        return render_template("home.html", form=form, limit=uploads.limit, recent=session.get("recent", []))

    @blueprint.get("/uploads/<ticket>")
    def uploaded(ticket: str) -> AnyResponse:
        """Where S3 sends the browser after an upload. Coming twice enqueues once: the task id is the upload's."""
        try:
            upload = tickets.read(ticket)
        except TicketForged:
            return error_page(403, "This address was not made by this server, or not in full. Upload the photo again.")
        except TicketExpired:
            return error_page(410, "This upload began too long ago. Upload the photo again.")
        size = uploads.size(upload.key)
        if size is None:
            return error_page(404, "The photo did not arrive in the bucket. Upload it again.")
        if not 1 <= size <= uploads.limit:
            return error_page(400, f"The file has {size:,} bytes; photos have 1 to {uploads.limit:,}.")
        result = make_thumbnails.using(task_id=upload.task_id).enqueue(upload.key, widths=list(WIDTHS))
        session["recent"] = [result.id, *(id for id in session.get("recent", []) if id != result.id)][:RECENT]
        return redirect(url_for(".task", task_id=result.id), 303)

    @blueprint.get("/tasks/<task_id>")
    def task(task_id: str) -> str:
        result = tasks.result(task_id)
        photo = _photo(result)
        shown = [] if photo is None else [_shown(uploads, made.key, made) for made in photo.thumbnails]
        if shown:
            allow_origin_of(shown[0].url)
        value = None if photo is not None else _value(result)
        return render_template("task.html", result=result, words=WORDS, photo=photo, shown=shown, value=value)

    @blueprint.route("/sign-in", methods=["GET", "POST"])
    def sign_in() -> Any:
        if not access.has_sign_in:
            abort(404)
        if request.method == "GET":
            return render_template("sign_in.html")
        if not access.is_token(request.form.get("token", "").strip()):
            return render_template("sign_in.html", wrong=True), 403
        access.sign_in()
        return redirect(_own_path(request.args.get("next", "")), 303)

    @blueprint.post("/sign-out")
    def sign_out() -> AnyResponse:
        session.clear()
        return redirect(url_for(".sign_in" if access.has_sign_in else ".home"), 303)

    @blueprint.app_context_processor
    def for_all_pages() -> dict[str, Any]:
        return {"can_sign_out": "visitor" in session}

    return blueprint


def _photo(result: TaskResult[Any]) -> Thumbnails | None:
    if result.task != "make_thumbnails" or result.status is not Status.SUCCEEDED:
        return None
    try:
        value = result.return_value
    except ResultError:
        return None
    return value if isinstance(value, Thumbnails) else None


def _value(result: TaskResult[Any]) -> str | None:
    """The return value as JSON text, for tasks that the page knows nothing of."""
    if result.status is not Status.SUCCEEDED:
        return None
    try:
        return json.dumps(msgspec.to_builtins(result.return_value, str_keys=True), indent=2, ensure_ascii=False)
    except ResultError as error:
        return str(error)


def _shown(uploads: Uploads, key: str, made: Any) -> Shown:
    return Shown(uploads.link(key), made.width, made.height, "PNG" if key.endswith(".png") else "JPEG")


def _own_path(path: str) -> str:
    """``path`` if it is one of this app's, else the home page: a link must not send a visitor elsewhere by our hand."""
    is_own = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if is_own else url_for("pages.home")
