"""moto behind one lock: what a browser and boto3 may expect of it."""

import io
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
from botocore.exceptions import ClientError

from penstock.local.moto_host import OneAtATime
from penstock.local.provision import LocalClients


class StayOnThisPage(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


def post_form(url: str, fields: dict[str, str], content: bytes, **headers: str) -> tuple[int, dict[str, str]]:
    """What a browser does with the form of a presigned POST; the status and the headers of the answer."""
    boundary = "------form"
    parts = [f'--{boundary}\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in fields.items()]
    parts.append(f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="cat.jpg"\r\n\r\n')
    body = "".join(parts).encode() + content + f"\r\n--{boundary}--\r\n".encode()
    content_type = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    request = urllib.request.Request(url, body, {**content_type, **headers}, method="POST")
    try:
        with urllib.request.build_opener(StayOnThisPage).open(request, timeout=20) as answer:
            return answer.status, dict(answer.headers)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, dict(error.headers)


@pytest.fixture
def bucket(moto_endpoint: str) -> str:
    name = f"bucket-{uuid.uuid4().hex}"
    LocalClients(moto_endpoint).s3().create_bucket(Bucket=name)
    return name


def presigned_post(endpoint: str, bucket: str) -> tuple[str, dict[str, str]]:
    form = (
        LocalClients(endpoint)
        .s3()
        .generate_presigned_post(
            bucket,
            "uploads/cat_1.jpg",
            Fields={"success_action_redirect": "http://127.0.0.1:1/uploaded"},
            Conditions=[{"success_action_redirect": "http://127.0.0.1:1/uploaded"}],
        )
    )
    return form["url"], form["fields"]


def test_the_form_of_a_presigned_post_goes_to_the_bucket_in_the_path(moto_endpoint: str, bucket: str) -> None:
    url, _ = presigned_post(moto_endpoint, bucket)
    assert url == f"{moto_endpoint}/{bucket}"


def test_a_browser_that_posts_the_form_is_sent_on_with_the_key(moto_endpoint: str, bucket: str) -> None:
    status, headers = post_form(*presigned_post(moto_endpoint, bucket), b"photo")
    assert (status, headers["Location"]) == (
        303,
        f"http://127.0.0.1:1/uploaded?key=uploads%2Fcat_1.jpg&bucket={bucket}",
    )


def test_what_a_browser_posted_is_in_the_bucket_byte_for_byte(moto_endpoint: str, bucket: str) -> None:
    content = bytes(range(256)) * 4096
    post_form(*presigned_post(moto_endpoint, bucket), content)
    stored = LocalClients(moto_endpoint).s3().get_object(Bucket=bucket, Key="uploads/cat_1.jpg")["Body"].read()
    assert stored == content


def test_the_name_localhost_reaches_the_bucket_too(moto_endpoint: str, bucket: str) -> None:
    url, fields = presigned_post(moto_endpoint.replace("127.0.0.1", "localhost"), bucket)
    assert post_form(url, fields, b"photo")[0] == 303


def test_a_page_of_another_origin_may_post_to_s3(moto_endpoint: str, bucket: str) -> None:
    _, headers = post_form(*presigned_post(moto_endpoint, bucket), b"photo", Origin="http://127.0.0.1:8000")
    assert headers["Access-Control-Allow-Origin"] in ("*", "http://127.0.0.1:8000")


def test_a_port_in_use_is_told_with_the_way_out() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "penstock.local.moto_host", "--port", str(port)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (
        done.returncode,
        f"port {port} of 127.0.0.1: it is in use" in done.stderr,
        "MOTO_PORT=0" in done.stderr,
    ) == (
        2,
        True,
        True,
    )


def environ(body: bytes = b"") -> WSGIEnvironment:
    return {"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body)), "REQUEST_METHOD": "POST"}


def start_response(*_: object) -> None:
    return None


def test_two_requests_are_never_inside_at_the_same_time() -> None:
    inside, most = 0, 0

    def application(_: WSGIEnvironment, __: StartResponse) -> Iterable[bytes]:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        time.sleep(0.002)
        yield b"answer"
        inside -= 1

    locked = OneAtATime(application)
    threads = [threading.Thread(target=locked, args=(environ(), start_response)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1


def test_a_slow_upload_holds_nobody_up() -> None:
    arrived = threading.Event()

    class SlowBody(io.BytesIO):
        def read(self, *_: object) -> bytes:
            assert arrived.wait(10)
            return b"slow"

    locked = OneAtATime(lambda environ, _: [environ["wsgi.input"].read()])
    slow = {**environ(b"slow"), "wsgi.input": SlowBody(), "wsgi.input_terminated": True}
    answers: list[bytes] = []
    thread = threading.Thread(target=lambda: answers.extend(locked(slow, start_response)))
    thread.start()
    quick = list(locked(environ(b"quick"), start_response))
    arrived.set()
    thread.join()
    assert (quick, answers) == ([b"quick"], [b"slow"])


def test_the_lock_is_free_again_after_an_error() -> None:
    def application(environ: WSGIEnvironment, _: StartResponse) -> Iterable[bytes]:
        if environ["wsgi.input"].read() == b"bad":
            raise ValueError("no")
        return [b"answer"]

    locked = OneAtATime(application)
    with pytest.raises(ValueError, match="no"):
        locked(environ(b"bad"), start_response)
    assert list(locked(environ(), start_response)) == [b"answer"]


def test_an_operation_that_moto_does_not_know_is_answered_as_not_implemented(moto_endpoint: str) -> None:
    sqs = LocalClients(moto_endpoint).sqs()
    with pytest.raises(ClientError) as refused:
        sqs.start_message_move_task(SourceArn="arn:aws:sqs:us-east-1:123456789012:any")
    assert refused.value.response["Error"]["Code"] == "NotImplemented"
