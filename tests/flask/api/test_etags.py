"""ETags: whoever polls gets 304 until something changes."""

import pytest

from tests.flask.people import API

POLLED = ["tasks", "tasks/dead", "queues", "queues/images", "operations", "errors", "dead-letters", "stats"]


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize("path", POLLED)
def test_what_has_not_changed_is_not_sent_again(vera, path):
    first = vera.get(f"{API}/{path}")
    again = vera.get(f"{API}/{path}", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", first.headers["ETag"])


@pytest.mark.parametrize("path", ["tasks", "dead-letters", "operations", "errors"])
def test_an_empty_list_is_the_same_a_second_later(vera, tasks, path):
    first = vera.get(f"{API}/{path}")
    tasks.ports.sleep(1)
    assert vera.get(f"{API}/{path}", headers={"If-None-Match": first.headers["ETag"]}).status_code == 304


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize("path", ["tasks", "tasks/dead", "dead-letters", "queues"])
def test_a_change_is_sent(otto, path):
    etag = otto.get(f"{API}/{path}").headers["ETag"]
    otto.post(f"{API}/tasks/dead/discards")
    otto.post(f"{API}/queues/images/pauses")
    assert otto.get(f"{API}/{path}", headers={"If-None-Match": etag}).status_code == 200


@pytest.mark.usefixtures("known")
def test_a_stranger_s_etag_opens_nothing(app, vera):
    etag = vera.get(f"{API}/tasks").headers["ETag"]
    assert app.test_client().get(f"{API}/tasks", headers={"If-None-Match": etag}).status_code == 401


def test_an_error_has_no_etag(vera):
    assert "ETag" not in vera.get(f"{API}/tasks/nowhere").headers
