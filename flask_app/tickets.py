"""Upload tickets: signed proof that we gave out the key of an upload, so that only such keys can be enqueued."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from itsdangerous import BadSignature, URLSafeSerializer

from penstock.times import Clock, from_text, to_text

# The form can be used for the first half of this (flask_app.uploads), the rest is for a slow upload.
LIFETIME = timedelta(hours=2)


class TicketForged(Exception):
    """We did not sign this."""


class TicketExpired(Exception):
    """We signed this, but too long ago."""


@dataclass(frozen=True, slots=True)
class Upload:
    """One upload, from its form to its task. ``id`` is 32 random hexadecimal digits."""

    id: str

    @property
    def key(self) -> str:
        """Its key in the bucket."""
        return f"uploads/{self.id}/original"

    @property
    def task_id(self) -> str:
        """The task id of its thumbnails: the same however often the browser comes back, so it is enqueued once."""
        return f"upload-{self.id}"


class Tickets:
    """Gives out and reads tickets."""

    def __init__(self, secret_key: str, clock: Clock) -> None:
        self._serializer = URLSafeSerializer(secret_key, salt="penstock upload ticket")
        self._clock = clock

    def new(self) -> tuple[Upload, str]:
        """A new upload and its ticket, text that fits into a URL."""
        upload = Upload(uuid.uuid4().hex)
        ticket = self._serializer.dumps([upload.id, to_text(self._clock())])
        return upload, ticket if isinstance(ticket, str) else ticket.decode()

    def read(self, ticket: str) -> Upload:
        """The upload of a ticket; TicketForged or TicketExpired."""
        try:
            upload_id, given_out = self._serializer.loads(ticket)
        except BadSignature:
            raise TicketForged from None
        at: datetime = from_text(given_out)
        if self._clock() - at > LIFETIME:
            raise TicketExpired
        return Upload(upload_id)
