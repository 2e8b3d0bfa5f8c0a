from flask import Blueprint, abort, g, request

from guestbook.models import Entry, db
from guestbook.words import count_words

blueprint = Blueprint("pages", __name__)


@blueprint.post("/entries")
def write():
    entry = Entry(author=g.user or abort(401), text=request.form["text"])
    db.session.add(entry)
    db.session.commit()
    count_words(entry.id)
    return {"id": entry.id}, 201


@blueprint.get("/entries/<int:entry_id>")
def read(entry_id):
    entry = db.get_or_404(Entry, entry_id)
    return {"text": entry.text, "words": entry.words}
