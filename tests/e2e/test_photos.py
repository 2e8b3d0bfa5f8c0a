"""Photos go from the browser's form through S3, SQS and Lambda and come back as thumbnails, whatever serves the web."""

from collections.abc import Callable

import pytest

from local.samples import Photo
from tests.e2e.photos import Document, is_final, sizes_written, until, upload_all, wanted_sizes
from tests.e2e.visitor import Visitor


@pytest.fixture(scope="session")
def through_gunicorn(gunicorn: Visitor, pictures: list[Photo]) -> dict[str, Document]:
    """What became of each photo that was uploaded at gunicorn."""
    return {name: until(gunicorn, task_id, is_final) for name, task_id in upload_all(gunicorn, pictures).items()}


@pytest.fixture(scope="session")
def through_zappa(zappa: Visitor, pictures: list[Photo]) -> dict[str, Document]:
    """What became of each photo that was uploaded at the function URL."""
    return {name: until(zappa, task_id, is_final) for name, task_id in upload_all(zappa, pictures).items()}


@pytest.mark.parametrize("web", ["through_gunicorn", "through_zappa"])
def test_every_good_photo_becomes_thumbnails_of_the_size_that_the_task_says(
    web: str, request: pytest.FixtureRequest, pictures: list[Photo], in_bucket: Callable[[str], bytes]
) -> None:
    documents = request.getfixturevalue(web)

    for photo in pictures:
        if photo.picture:
            assert documents[photo.name]["status"] == "SUCCEEDED", documents[photo.name]
            assert sizes_written(in_bucket, documents[photo.name]) == wanted_sizes(documents[photo.name])


@pytest.mark.parametrize("web", ["through_gunicorn", "through_zappa"])
def test_a_damaged_photo_fails_at_the_first_attempt_and_says_why(web: str, request: pytest.FixtureRequest) -> None:
    document = request.getfixturevalue(web)["truncated.jpg"]

    assert (document["status"], document["attempts"]) == ("FAILED", 1)
    assert "cut short" in document["error"]["message"]
