"""The page of one task, in every state that a visitor can meet."""

import html
import io
import json
import re

import pytest
from PIL import Image

from penstock.batch import process
from penstock.execution import Invocation
from tasks import make_thumbnails, tasks


@pytest.fixture
def work(monkeypatch):
    """Run what is in a queue, as its Lambda function would."""
    monkeypatch.setenv("UPLOADS_BUCKET", "photos")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")

    def work(queue: str = "images") -> None:
        settings = tasks.ports.settings.queue(queue)
        records = [
            {
                "messageId": message.message_id,
                "receiptHandle": message.receipt_handle,
                "body": message.body,
                "attributes": {
                    "SentTimestamp": str(int(message.sent_at.timestamp() * 1000)),
                    "ApproximateReceiveCount": str(message.receive_count),
                },
                "eventSourceARN": f"arn:aws:sqs:eu-central-1:123456789012:{settings.physical_name}",
            }
            for message in tasks.ports.transport.receive(queue, max_messages=10)
        ]
        process(tasks, {"Records": records}, Invocation("request", lambda: 300.0))

    return work


def png(width: int = 700) -> bytes:
    file = io.BytesIO()
    Image.new("RGBA", (width, 100), (0, 100, 200, 120)).save(file, "PNG")
    return file.getvalue()


def test_a_waiting_task_is_followed_by_the_script(client):
    result = make_thumbnails.enqueue("cat", widths=[100])
    page = client.get(f"/tasks/{result.id}").text
    assert "In the queue" in page
    assert f'data-status-url="/penstock/api/v1/tasks/{result.id}"' in page


def test_without_javascript_a_waiting_page_reloads_itself(client):
    result = make_thumbnails.enqueue("cat", widths=[100])
    assert '<noscript><meta http-equiv="refresh" content="2"></noscript>' in client.get(f"/tasks/{result.id}").text


def test_a_finished_task_shows_its_thumbnails(client, bucket, work):
    bucket.put_object(Key="cat", Body=png())
    result = make_thumbnails.enqueue("cat", widths=[320, 640])
    work()
    page = client.get(f"/tasks/{result.id}").text
    assert "photos.s3.eu-central-1.amazonaws.com/thumbnails/cat/320.png?" in page
    assert "640 × 91 <span>PNG</span>" in page


def test_the_thumbnails_may_be_shown_by_the_content_security_policy(client, bucket, work):
    bucket.put_object(Key="cat", Body=png())
    result = make_thumbnails.enqueue("cat", widths=[320])
    work()
    headers = client.get(f"/tasks/{result.id}").headers
    assert "img-src 'self' blob: https://photos.s3.eu-central-1.amazonaws.com;" in headers["Content-Security-Policy"]


def test_a_finished_page_does_not_reload_itself(client, bucket, work):
    bucket.put_object(Key="cat", Body=png())
    result = make_thumbnails.enqueue("cat", widths=[320])
    work()
    page = client.get(f"/tasks/{result.id}").text
    assert ('http-equiv="refresh"' in page, "data-status-url" in page) == (False, False)


def test_widths_that_were_left_out_are_named(client, bucket, work):
    bucket.put_object(Key="cat", Body=png(width=400))
    result = make_thumbnails.enqueue("cat", widths=[320, 640, 1280])
    work()
    assert "because the photo is smaller: 640, 1280 pixels wide" in client.get(f"/tasks/{result.id}").text


@pytest.mark.parametrize(("content", "words"), [(b"no picture", "not a picture"), (png()[:150], "cut short")])
def test_a_refused_photo_says_why(client, bucket, work, content, words):
    bucket.put_object(Key="cat", Body=content)
    result = make_thumbnails.enqueue("cat", widths=[320])
    work()
    page = client.get(f"/tasks/{result.id}").text
    assert ("Not possible" in page, words in page) == (True, True)


def test_a_dead_task_says_why_and_that_there_is_a_way_back(client, bucket, work):
    result = make_thumbnails.enqueue("nowhere", widths=[320])
    work()
    page = client.get(f"/tasks/{result.id}").text
    assert "upload it and redrive" in page
    assert "can be put back into the queue" in page


def test_text_of_a_task_is_escaped(client, bucket, work):
    result = make_thumbnails.enqueue("<script>alert(1)</script>", widths=[320])
    work()
    assert "<script>alert" not in client.get(f"/tasks/{result.id}").text


def test_an_unknown_task_has_a_page_in_words(client):
    response = client.get("/tasks/nowhere")
    assert (response.status_code, "There is no such task" in response.text) == (404, True)


def test_the_words_for_the_script_are_json(client):
    result = make_thumbnails.enqueue("cat", widths=[100])
    [words] = re.findall('data-words="([^"]*)"', client.get(f"/tasks/{result.id}").text)
    assert json.loads(html.unescape(words))["SUCCEEDED"] == "Done"
