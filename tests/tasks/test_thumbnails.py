"""The task make_thumbnails against S3 (moto)."""

import io
import socket
from typing import Any

import pytest
from PIL import Image

import tasks.thumbnails
from penstock import Reject
from tasks import make_thumbnails
from tasks.thumbnails import Thumbnail, Thumbnails


def photo(size: tuple[int, int] = (400, 200), kind: str = "JPEG", **options: Any) -> bytes:
    file = io.BytesIO()
    Image.effect_noise(size, 50).convert("RGB").save(file, kind, **options)
    return file.getvalue()


def keys(bucket: Any) -> list[str]:
    return sorted(item.key for item in bucket.objects.all())


def test_the_result_names_the_keys_and_sizes(bucket):
    bucket.put_object(Key="cat", Body=photo())
    assert make_thumbnails("cat", widths=[100, 200]) == Thumbnails(
        400, 200, [Thumbnail("thumbnails/cat/100.jpg", 100, 50), Thumbnail("thumbnails/cat/200.jpg", 200, 100)], []
    )


def test_the_thumbnails_are_in_the_bucket_with_their_type(bucket):
    bucket.put_object(Key="cat", Body=photo())
    make_thumbnails("cat", widths=[100])
    stored = bucket.Object("thumbnails/cat/100.jpg").get()
    assert (stored["ContentType"], Image.open(stored["Body"]).size) == ("image/jpeg", (100, 50))


def test_a_second_run_writes_the_same_keys(bucket):
    bucket.put_object(Key="cat", Body=photo())
    first = make_thumbnails("cat", widths=[100, 200])
    after_the_first = keys(bucket)
    assert (make_thumbnails("cat", widths=[100, 200]), keys(bucket)) == (first, after_the_first)


def test_a_width_above_the_photos_own_is_left_out_and_named(bucket):
    bucket.put_object(Key="cat", Body=photo((400, 200)))
    result = make_thumbnails("cat", widths=[100, 400, 401])
    assert ([made.width for made in result.thumbnails], result.skipped) == ([100, 400], [401])


def test_a_photo_of_forty_megapixels_is_done(bucket):
    file = io.BytesIO()
    Image.linear_gradient("L").resize((7300, 5500)).convert("RGB").save(file, "JPEG")
    bucket.put_object(Key="large", Body=file.getvalue())
    result = make_thumbnails("large", widths=[1280])
    assert (result.width * result.height, result.thumbnails[0].height) == (40_150_000, 964)


def test_it_says_how_far_it_is(bucket, progress):
    bucket.put_object(Key="cat", Body=photo())
    make_thumbnails("cat", widths=[100, 200])
    assert [(said.done, said.total, said.note) for said in progress] == [
        (0, 4, "fetching the photo"),
        (1, 4, "decoding"),
        (2, 4, "100 pixels wide"),
        (3, 4, "200 pixels wide"),
        (4, 4, "done"),
    ]


def test_a_missing_photo_is_dead_so_that_it_can_be_uploaded_and_redriven(bucket):
    with pytest.raises(Reject, match="upload it and redrive") as rejected:
        make_thumbnails("nowhere", widths=[100])
    assert not rejected.value.discard


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"GET / HTTP/1.1", "not a picture of a known kind"),
        (photo()[:2000], "cut short"),
    ],
    ids=["empty", "foreign", "truncated"],
)
def test_a_file_that_no_retry_can_repair_is_discarded_at_once(bucket, content, words):
    bucket.put_object(Key="file", Body=content)
    with pytest.raises(Reject, match=words) as rejected:
        make_thumbnails("file", widths=[100])
    assert rejected.value.discard


def test_a_file_over_the_limit_is_discarded_unread(bucket, monkeypatch):
    monkeypatch.setattr(tasks.thumbnails, "MAX_PHOTO_BYTES", 1_000)
    bucket.put_object(Key="file", Body=b"x" * 1_001)
    with pytest.raises(Reject, match="1,001 bytes: photos have 1,000 at most") as rejected:
        make_thumbnails("file", widths=[100])
    assert rejected.value.discard


@pytest.mark.parametrize("widths", [[], [100, 100], [0], [8_001], list(range(1, 22))])
def test_senseless_widths_are_refused(widths):
    with pytest.raises(Reject, match="width"):
        make_thumbnails("cat", widths=widths)


def test_s3_out_of_reach_is_an_error_that_is_retried(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    for name, value in {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "UPLOADS_BUCKET": "photos",
        "NO_PROXY": "127.0.0.1",
    }.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(make_thumbnails.options.retry.retry_on, match="S3 cannot be reached"):
        make_thumbnails("cat", widths=[100])


def test_without_a_bucket_the_error_names_the_variable(monkeypatch):
    monkeypatch.delenv("UPLOADS_BUCKET", raising=False)
    with pytest.raises(Exception, match="UPLOADS_BUCKET is not set"):
        make_thumbnails("cat", widths=[100])
