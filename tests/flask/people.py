"""Who uses the operations views in the tests, and with what."""

import html
import re

from penstock.flask.access.api_keys import digest_of

PREFIX = "/penstock"
API = f"{PREFIX}/api/v1"
KEYS = {"vera": ("viewer", "v" * 43), "otto": ("operator", "o" * 43), "ada": ("admin", "a" * 43)}
TABLE = {name: {"sha256": digest_of(key), "role": role} for name, (role, key) in KEYS.items()}
SECRET_KEY = "s" * 32

# What a browser sends from our own page: with a form, and with a write by the page's script.
OWN_FORM = {"Sec-Fetch-Site": "same-origin"}
OWN_PAGE = {**OWN_FORM, "X-Penstock": "1"}


def bearer(name):
    """The header of a program that has the key of ``name``."""
    return {"Authorization": f"Bearer {KEYS[name][1]}"}


def sign_in(client, name, *, prefix=PREFIX, headers=OWN_FORM, **options):
    """Send the sign-in page's form; from then on ``client`` is a browser with a session."""
    return client.post(f"{prefix}/sign-in", data={"key": KEYS[name][1]}, headers=headers, **options)


def signed_in_as(response):
    """Name, role and way of whoever a page says is signed in; empty where it is another page."""
    found = re.search(r'<span title="signed in by ([^"]*)">(.*?) <span class="dim">([a-z]+)', response.text, re.DOTALL)
    if not found:
        return ""
    way, name, role = (html.unescape(re.sub("<[^>]*>", "", part)) for part in found.groups())
    return f"{name}, {role}, by {way}"
