"""The audit: who did what."""

from typing import Annotated, TypedDict

from flask import Blueprint
from msgspec import Meta

from penstock import audit
from penstock.flask import documents, shapes
from penstock.flask.access import Mounted, Role
from penstock.flask.api.listing import NextCursor, Page, or_bad_request
from penstock.flask.api.routes import route
from penstock.times import to_text


class AuditPage(TypedDict):
    """Audit lines, newest first."""

    lines: list[shapes.AuditLine]
    cursor: NextCursor
    back_to: Annotated[str, Meta(description="The day that this page has looked at last")]


def add_views(api: Blueprint, mount: Mounted) -> None:
    """Reading it; nothing can be changed there."""
    tasks = mount.tasks

    @api.get("/audit")
    @route(Role.VIEWER)
    def list_audit(query: Page) -> AuditPage:
        """What people and programs did through these views, newest first."""
        page = or_bad_request(lambda: audit.recent(tasks.ports, limit=query.limit, cursor=query.cursor or None))
        lines = [documents.audit_line(line) for line in page.lines]
        return {"lines": lines, "cursor": page.cursor, "back_to": to_text(page.back_to)[:10]}
