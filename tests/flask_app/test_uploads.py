"""From the upload form to the enqueued task."""

import base64
import json
from datetime import timedelta

import pytest

from flask_app.tickets import LIFETIME
from penstock import Status
from tasks import tasks


def policy(form) -> list:
    return json.loads(base64.b64decode(form.fields["policy"]))["conditions"]


def test_the_form_posts_to_the_bucket_and_not_to_us(client, read_form):
    assert read_form(client.get("/").text).action == "https://photos.s3.eu-central-1.amazonaws.com/"


def test_s3_refuses_zero_bytes_and_more_than_the_limit_by_the_forms_policy(client, read_form):
    assert ["content-length-range", 1, 100 * 1024 * 1024] in policy(read_form(client.get("/").text))


def test_the_limit_can_be_set(make_app, read_form):
    app = make_app({"PENSTOCK_LOCAL": "1", "UPLOADS_BUCKET": "photos", "UPLOAD_LIMIT_BYTES": "5000"})
    assert ["content-length-range", 1, 5000] in policy(read_form(app.test_client().get("/").text))


def test_s3_refuses_what_does_not_call_itself_a_picture(client, read_form):
    assert ["starts-with", "$Content-Type", "image/"] in policy(read_form(client.get("/").text))


def test_the_policy_fixes_the_key_and_the_way_back(client, read_form):
    form = read_form(client.get("/").text)
    conditions = policy(form)
    assert {"key": form.fields["key"]} in conditions
    assert {"success_action_redirect": form.fields["success_action_redirect"]} in conditions


def test_every_form_has_a_key_of_its_own(client, read_form):
    keys = {read_form(client.get("/").text).fields["key"] for _ in range(3)}
    assert len(keys) == 3


def test_the_file_is_the_last_field(client):
    form = client.get("/").text.partition('enctype="multipart/form-data"')[2].partition("</form>")[0]
    assert form.rfind("<input") == form.find('<input id="file"')


@pytest.fixture
def uploaded(client, bucket, read_form):
    """A photo is in the bucket; the way back to us."""
    form = read_form(client.get("/").text)
    bucket.put_object(Key=form.fields["key"], Body=b"a photo")
    return form


def test_coming_back_from_s3_enqueues_the_key_and_leads_to_the_task(client, uploaded):
    response = client.get(uploaded.ticket_path + "?bucket=photos&key=other&etag=x")
    [task_id] = [response.location.removeprefix("/tasks/")]
    result = tasks.result(task_id)
    assert (response.status_code, result.task, result.status) == (303, "make_thumbnails", Status.QUEUED)


def test_coming_back_twice_enqueues_once(client, uploaded):
    locations = {client.get(uploaded.ticket_path).location for _ in range(2)}
    assert (len(locations), tasks.ports.transport.depth("images").visible) == (1, 1)


def test_the_home_page_remembers_the_upload(client, uploaded):
    location = client.get(uploaded.ticket_path).location
    assert f'href="{location}"' in client.get("/").text


def test_a_forged_ticket_is_refused_in_words(client):
    response = client.get("/uploads/WyJhIiwiYiJd.forged")
    assert (response.status_code, "was not made by this server" in response.text) == (403, True)


def test_a_cut_ticket_is_refused(client, uploaded):
    assert client.get(uploaded.ticket_path[:-1]).status_code == 403


def test_an_expired_ticket_is_refused_in_words(client, clock, uploaded):
    clock.advance((LIFETIME + timedelta(seconds=1)).total_seconds())
    response = client.get(uploaded.ticket_path)
    assert (response.status_code, "began too long ago" in response.text) == (410, True)


def test_an_upload_that_did_not_arrive_is_not_enqueued(client, bucket, read_form):
    response = client.get(read_form(client.get("/").text).ticket_path)
    assert (response.status_code, "did not arrive" in response.text) == (404, True)
    assert tasks.ports.transport.depth("images").visible == 0


@pytest.mark.parametrize(("size", "words"), [(0, "has 0 bytes"), (5001, "has 5,001 bytes")])
def test_a_file_that_got_past_the_policy_is_not_enqueued(make_app, bucket, read_form, size, words):
    app = make_app({"PENSTOCK_LOCAL": "1", "UPLOADS_BUCKET": "photos", "UPLOAD_LIMIT_BYTES": "5000"})
    client = app.test_client()
    form = read_form(client.get("/").text)
    bucket.put_object(Key=form.fields["key"], Body=b"x" * size)
    response = client.get(form.ticket_path)
    assert (response.status_code, words in response.text) == (400, True)
    assert tasks.ports.transport.depth("images").visible == 0


def test_s3_out_of_reach_is_said_so_and_loses_nothing(make_app, monkeypatch, read_form):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    client = make_app({"PENSTOCK_LOCAL": "1", "UPLOADS_BUCKET": "photos"}).test_client()
    response = client.get(read_form(client.get("/").text).ticket_path)
    assert (response.status_code, response.headers["Retry-After"], "Reload this page" in response.text) == (
        503,
        "5",
        True,
    )


def test_the_browser_posts_to_the_local_stack_where_there_is_one(make_app, monkeypatch, read_form):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")
    client = make_app({"PENSTOCK_LOCAL": "1", "UPLOADS_BUCKET": "photos"}).test_client()
    response = client.get("/")
    assert read_form(response.text).action == "http://127.0.0.1:4566/photos"
    assert "form-action 'self' http://127.0.0.1:4566;" in response.headers["Content-Security-Policy"]
