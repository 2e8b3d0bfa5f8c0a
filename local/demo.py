"""``python -m local demo``: real work over real HTTP on a stack of its own, and a verdict.

The story: photos go from the browser's form to S3 and through the images queue; a webhook is refused twice and delivered
at the third attempt; one task is hopeless, dies, is explained, repaired and redriven.
"""

import io
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PIL import Image

from local.browser import Browser, last_part
from local.outcome import Command, Document, Expectation, Watched
from local.receiver import ANSWERS, Receiver
from local.samples import Photo
from local.show import Show, arrivals_in_words, print_command
from penstock.errors import PenstockError
from penstock.local.provision import LocalClients
from penstock.local.stack import Stack
from penstock.settings import Settings
from penstock.states import Status

WIDTHS = [320, 640, 1280]
MISSING_KEY = "uploads/missing.jpg"
TIMEOUT_SECONDS = 90.0  # for one part of the story: a slow machine, not a patient user
_POLL_SECONDS = 0.2
_APP = ("flask", "--app", "flask_app.wsgi", "penstock")


class DemoFailed(PenstockError):
    """The story could not go on; the message says where it stopped."""


@dataclass(slots=True)
class Demo:
    """The story on a running ``stack``. ``width`` is that of the terminal; ``tasks`` and ``commands`` grow as it goes on."""

    stack: Stack
    receiver: Receiver
    show: Show
    width: int
    tasks: list[Watched]
    commands: list[Command]

    def run(self, photos: Sequence[Photo], missing: Photo) -> None:
        """All of it; DemoFailed, StackError or HttpError where it cannot go on."""
        browser = Browser(self.stack.web_url)
        self._upload(browser, photos)
        self._call_webhook(browser)
        hopeless = self._enqueue_hopeless(browser)
        self._until("every task to end", lambda: self._look(browser), lambda: _all_final(self.tasks))
        for watched in self.tasks:
            self._check_thumbnails(watched)
        self.show.say(arrivals_in_words(self.receiver.arrivals))
        self._explain(hopeless)
        self._repair(hopeless, missing)
        self._redrive(browser, hopeless)

    def _upload(self, browser: Browser, photos: Sequence[Photo]) -> None:
        for photo in photos:
            page = browser.upload(photo.name, photo.content)
            self.show.say(f"{photo.name} ({photo.note}, {len(photo.content):,} bytes) → S3 → {page}")
            expected = Expectation(Status.SUCCEEDED if photo.picture else Status.FAILED, attempts=1)
            self._watch(photo.name, photo.note, expected, browser.status(last_part(page)))

    def _call_webhook(self, browser: Browser) -> None:
        document = browser.enqueue("deliver_webhook", url=self.receiver.url, payload={"photos": len(self.tasks)})
        expected = Expectation(Status.SUCCEEDED, attempts=len(ANSWERS))
        self._watch("webhook", f"its receiver answers {', '.join(map(str, ANSWERS))}", expected, document)

    def _enqueue_hopeless(self, browser: Browser) -> Watched:
        document = browser.enqueue("make_thumbnails", key=MISSING_KEY, widths=WIDTHS)
        return self._watch("missing.jpg", "hopeless: not in S3", Expectation(Status.DEAD, attempts=1), document)

    def _explain(self, hopeless: Watched) -> None:
        """SQS buries the message by itself; then the commands that an operator would type."""
        if hopeless.status is not Status.DEAD:
            raise DemoFailed(f"the hopeless task is {hopeless.status}, it should be DEAD: there is nothing to redrive")
        queue = Settings.from_environ(self.stack.environment).queue(hopeless.document["queue"])
        sqs = LocalClients(self.stack.endpoint).sqs()

        def letters() -> int:
            name = "ApproximateNumberOfMessages"
            told = sqs.get_queue_attributes(QueueUrl=queue.dead_letter_url, AttributeNames=[name])  # type: ignore[list-item]
            return int(told["Attributes"][name])  # type: ignore[index]

        self._until("SQS to move the message to the dead-letter queue", _nothing, lambda: letters() > 0)
        self.show.say(f"\n{hopeless.label} is DEAD, and SQS has moved its message to {queue.physical_name}-dlq.")
        listed = self._command("dlq", "list")
        if hopeless.id[:8] not in listed.output:
            hopeless.problems.append("is missing in `dlq list`")
        self._command("dlq", "show", hopeless.id)

    def _repair(self, hopeless: Watched, missing: Photo) -> None:
        bucket = self.stack.environment["UPLOADS_BUCKET"]
        LocalClients(self.stack.endpoint).s3().put_object(Bucket=bucket, Key=MISSING_KEY, Body=missing.content)
        hopeless.note = "hopeless, then repaired and redriven"
        self.show.say(f"The cause is repaired: {MISSING_KEY} is in S3 now.")

    def _redrive(self, browser: Browser, hopeless: Watched) -> None:
        hopeless.expected = Expectation(Status.SUCCEEDED, attempts=2)
        self._command("dlq", "redrive", hopeless.document["queue"], "--yes")
        # It stays DEAD until a worker claims it again: only the second attempt tells.
        self._until(
            "the redriven task to end",
            lambda: self._look_at(browser, hopeless),
            lambda: hopeless.attempts > 1 and hopeless.status.is_final,
        )
        self._check_thumbnails(hopeless)

    def _watch(self, label: str, note: str, expected: Expectation, document: Document) -> Watched:
        watched = Watched(label, note, expected, document)
        self.tasks.append(watched)
        self.show.saw(watched, changed=watched.see(document))
        return watched

    def _look(self, browser: Browser) -> None:
        for watched in self.tasks:
            if not watched.status.is_final:
                self._look_at(browser, watched)

    def _look_at(self, browser: Browser, watched: Watched) -> None:
        self.show.saw(watched, changed=watched.see(browser.status(watched.id)))

    def _check_thumbnails(self, watched: Watched) -> None:
        """The files themselves: a task that says SUCCEEDED and wrote nothing has not succeeded."""
        if watched.status is not Status.SUCCEEDED or watched.document["task"] != "make_thumbnails":
            return
        s3 = LocalClients(self.stack.endpoint).s3()
        bucket = self.stack.environment["UPLOADS_BUCKET"]
        for thumbnail in watched.document["result"]["thumbnails"]:
            content = s3.get_object(Bucket=bucket, Key=thumbnail["key"])["Body"].read()
            with Image.open(io.BytesIO(content)) as image:
                image.load()
                if image.size != (thumbnail["width"], thumbnail["height"]):
                    watched.problems.append(f"{thumbnail['key']} is {image.size}, its result says otherwise")

    def _command(self, *arguments: str) -> Command:
        done = subprocess.run(
            [sys.executable, "-m", *_APP, *arguments],
            cwd=self.stack.project.root,
            env={**self.stack.environment, "COLUMNS": str(self.width)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
        command = Command(" ".join([*_APP, *arguments]), done.returncode, done.stdout)
        self.commands.append(command)
        print_command(self.show, command)
        if command.exit_code != 0:
            raise DemoFailed(f"`{command.line}` ended with exit code {command.exit_code}: {command.output}")
        return command

    def _until(self, what: str, step: Callable[[], None], done: Callable[[], bool]) -> None:
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while not done():
            self.stack.check()
            if time.monotonic() > deadline:
                raise DemoFailed(f"waited {TIMEOUT_SECONDS:.0f} s for {what}: {_unfinished(self.tasks)}")
            time.sleep(_POLL_SECONDS)
            step()


def _all_final(tasks: Sequence[Watched]) -> bool:
    return all(watched.status.is_final for watched in tasks)


def _unfinished(tasks: Sequence[Watched]) -> str:
    return "; ".join(f"{watched.label} is {watched.moment}" for watched in tasks if not watched.status.is_final)


def _nothing() -> None:
    """No step between two looks."""
