"""The parts of the demo that need no stack."""

import io
from pathlib import Path

import pytest
from PIL import Image

from local.browser import HttpError, last_part, multipart, upload_form
from local.files import FileRefused, photos_from
from local.outcome import Document, Expectation, Watched
from local.samples import photos
from penstock.states import Status

PAGE = """
<form action="/sign-out" method="post"><input name="other" value="1"></form>
<form action="http://127.0.0.1:9/bucket" method="post" enctype="multipart/form-data">
  <input type="hidden" name="key" value="uploads/a&amp;b">
  <input type="hidden" name="policy" value="e30=">
  <input type="file" name="file" accept="image/*"><button>Upload</button>
</form>
"""


def document(status: Status, attempts: int, error: Document | None = None) -> Document:
    return {
        "id": "t1", "task": "make_thumbnails", "queue": "images", "status": status.value, "attempts": attempts,
        "progress": None, "result": None, "error": error, "duration_ms": 5,
    }  # fmt: skip


def test_the_form_that_takes_a_file_is_found_with_its_fields() -> None:
    form = upload_form(PAGE, "http://127.0.0.1:8000/")
    assert (form.action, form.fields, form.file_field) == (
        "http://127.0.0.1:9/bucket",
        {"key": "uploads/a&b", "policy": "e30="},
        "file",
    )


def test_a_page_without_such_a_form_is_an_error_that_shows_the_page() -> None:
    with pytest.raises(HttpError, match="has no form that takes a file: <p>Sorry"):
        upload_form("<p>Sorry", "http://127.0.0.1:8000/")


def test_the_file_is_the_last_part_of_the_body() -> None:
    form = upload_form(PAGE, "http://127.0.0.1:8000/")
    body = multipart(form, "cat.jpg", b"\x00photo", "BOUNDARY")
    assert body.endswith(b"\r\n\r\n\x00photo\r\n--BOUNDARY--\r\n")


def test_a_file_name_cannot_break_out_of_its_header() -> None:
    form = upload_form(PAGE, "http://127.0.0.1:8000/")
    assert b'filename="a%22; name=%22key%0D%0A.jpg"' in multipart(form, 'a"; name="key\r\n.jpg', b"", "BOUNDARY")


def test_a_tasks_page_ends_in_its_id() -> None:
    assert last_part("http://127.0.0.1:8000/tasks/upload-1?new=1") == "upload-1"


def test_the_samples_are_what_their_names_say() -> None:
    seen = {}
    for photo in photos():
        with Image.open(io.BytesIO(photo.content)) as image:
            seen[photo.name] = (image.mode, image.width * image.height, image.getexif().get(0x0112))
    assert seen == {
        "rotated.jpg": ("RGB", 1600 * 1200, 6),
        "print.jpg": ("CMYK", 1600 * 1000, None),
        "logo.png": ("RGBA", 900 * 900, None),
        "huge.jpg": ("RGB", 40_000_000, None),
        "truncated.jpg": ("RGB", 1600 * 1000, None),
    }


def test_only_a_file_that_can_be_decoded_is_expected_to_succeed(tmp_path: Path) -> None:
    for photo in photos()[1:]:
        (tmp_path / photo.name).write_bytes(photo.content)
    judged = {photo.name: photo.picture for photo in photos_from(sorted(tmp_path.iterdir()), max_bytes=10**8)}
    assert judged == {"huge.jpg": True, "logo.png": True, "print.jpg": True, "truncated.jpg": False}


def test_a_file_above_the_upload_limit_is_refused_with_both_sizes(tmp_path: Path) -> None:
    file = tmp_path / "big.jpg"
    with file.open("wb") as sparse:
        sparse.truncate(200 * 1024 * 1024)
    with pytest.raises(FileRefused, match=r"big\.jpg has 209,715,200 bytes: the upload form takes 104,857,600"):
        photos_from([file], max_bytes=100 * 1024 * 1024)


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match="cannot be read: Is a directory"):
        photos_from([tmp_path], max_bytes=10**8)


def test_a_task_as_expected_has_no_mismatch() -> None:
    watched = Watched("a", "", Expectation(Status.SUCCEEDED, 1), document(Status.SUCCEEDED, 1))
    assert watched.mismatch() == []


def test_another_status_is_a_mismatch_with_the_reason() -> None:
    error = {"type": "Reject", "message": "no"}
    watched = Watched("a", "", Expectation(Status.SUCCEEDED, 1), document(Status.DEAD, 1, error))
    assert watched.mismatch() == ["is DEAD, should be SUCCEEDED (Reject: no)"]


def test_an_attempt_too_many_is_a_mismatch() -> None:
    watched = Watched("a", "", Expectation(Status.SUCCEEDED, 1), document(Status.SUCCEEDED, 2))
    assert watched.mismatch() == ["took 2 attempts, should take 1"]


def test_a_failure_without_a_reason_is_a_mismatch() -> None:
    watched = Watched("a", "", Expectation(Status.FAILED, 1), document(Status.FAILED, 1))
    assert watched.mismatch() == ["gives no reason for its failure"]


def test_the_history_keeps_each_change_once() -> None:
    watched = Watched("a", "", Expectation(Status.SUCCEEDED, 1), document(Status.QUEUED, 0))
    for seen in (document(Status.QUEUED, 0), document(Status.RUNNING, 1), document(Status.RUNNING, 1)):
        watched.see(seen)
    assert watched.history == ["QUEUED", "RUNNING, attempt 1"]
