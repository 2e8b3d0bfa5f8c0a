"""Proof on a real account that a stage works: ``python -m tools.smoke_aws --stage NAME``.

What no emulator shows, shown: a photo is worked on by real Lambda; a hopeless task dies and SQS itself moves it to the
dead-letter queue; a redrive brings it back under a new message id, and it succeeds; a stranger's request is refused by IAM.
It takes about two minutes, leaves nothing behind but four rows' worth of history, and costs less than a cent.
"""

import argparse
import io
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from PIL import Image

import tasks as project
from penstock import Penstock, Status, TaskResult, dead_letters
from penstock.aws import connect
from penstock.errors import PenstockError
from tools import aws
from tools.failure import ToolError, exit_code
from tools.project import ROOT
from tools.stage import Stage, find_stage
from tools.web import is_signed, url_of

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

QUEUE = "images"
WIDTH = 320  # pixels


@dataclass(frozen=True, slots=True)
class Proof:
    """The steps, on one stage. ``patience`` is how long to wait for each (seconds)."""

    tasks: Penstock
    s3: "S3Client"
    bucket: str
    patience: float = 180.0
    say: Callable[[str], None] = print
    sleep: Callable[[float], None] = time.sleep

    def run(self) -> None:
        """All of them; ToolError at the first that fails. The uploaded photos and thumbnails are deleted either way."""
        waiting = dead_letters.waiting(self.tasks, QUEUE)
        if waiting:
            raise ToolError(
                f"the dead-letter queue of {QUEUE!r} holds {waiting} messages, and a redrive would move those too: look at them "
                "first (`flask penstock dlq list`), or take a stage where nobody works"
            )
        here = f"uploads/smoke-{uuid4().hex}"
        keys = [f"{here}/first.jpg", f"{here}/late.jpg"]
        try:
            self._a_task_runs(keys[0])
            self._a_death_and_a_way_back(keys[1])
        finally:
            for key in [*keys, *(f"thumbnails/{key}/{WIDTH}.jpg" for key in keys)]:
                self.s3.delete_object(Bucket=self.bucket, Key=key)

    def _a_task_runs(self, key: str) -> None:
        self._upload(key)
        started = time.monotonic()
        result = project.make_thumbnails.enqueue(key, widths=[WIDTH])
        self._until(lambda: result.refresh().status is Status.SUCCEEDED, "a photo to be worked on", result)
        self.say(f"a task ran: enqueued to result in {time.monotonic() - started:.1f} s, {result.attempts} attempt")

    def _a_death_and_a_way_back(self, key: str) -> None:
        started = time.monotonic()
        result = project.make_thumbnails.enqueue(key, widths=[WIDTH])
        self._until(lambda: result.refresh().status is Status.DEAD, "a hopeless task to die", result)
        self._until(
            lambda: dead_letters.waiting(self.tasks, QUEUE) > 0, "SQS to move it to the dead-letter queue", result
        )
        letter = result.refresh().row.message_id
        self.say(
            f"a hopeless task died after {result.attempts} attempt; SQS moved it in {time.monotonic() - started:.1f} s"
        )
        self._upload(key)
        started = time.monotonic()
        moved = dead_letters.redrive(self.tasks, QUEUE)
        self._until(lambda: result.refresh().status is Status.SUCCEEDED, "the redriven task to succeed", result)
        new = "under a new message id" if result.row.message_id != letter else "under the same message id"
        self.say(
            f"redriven by {'SQS' if moved is None else 'hand'}, it succeeded {new}, as task {result.id}, "
            f"in {time.monotonic() - started:.1f} s"
        )

    def _upload(self, key: str) -> None:
        file = io.BytesIO()
        Image.new("RGB", (640, 480), "navy").save(file, "JPEG")
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=file.getvalue(), ContentType="image/jpeg")

    def _until(self, reached: Callable[[], bool], what: str, result: TaskResult[Any]) -> None:
        end = time.monotonic() + self.patience
        while not reached():
            if time.monotonic() > end:
                raise ToolError(
                    f"waited {self.patience:.0f} s for {what}: task {result.id} is {result.refresh().status} after "
                    f"{result.attempts} attempts{f', {result.error.message}' if result.error else ''}. Look at the worker's log"
                )
            self.sleep(1)


def strangers_are_refused(stage: Stage) -> str:
    """What a request without a signature gets; ToolError where it gets in although the URL asks for IAM."""
    url = url_of(stage)
    answer = aws.request(stage.session, url.rstrip("/") + "/health", signed=False)
    if answer.status != 403:
        raise ToolError(f"{url} answers {answer.status} to a request without a signature: IAM does not guard it")
    return "a request without a signature was refused by IAM"


def main(arguments: Sequence[str]) -> int:
    """Read the stage's outputs, connect, prove."""
    parser = argparse.ArgumentParser(prog="python -m tools.smoke_aws", description="Prove that a stage on AWS works.")
    parser.add_argument("--stage", required=True, help="a stage that is up")
    parser.add_argument("--terraform", type=Path, default=ROOT / "infra" / "terraform", help="the root module")
    options = parser.parse_args(arguments)
    stage = find_stage(options.stage, options.terraform)
    stage.terraform.init()
    outputs = stage.terraform.outputs()
    environ = {**outputs["zappa_settings"]["aws_environment_variables"], "AWS_REGION": stage.account.region}
    with aws.in_words():
        try:
            connect(project.tasks, environ)
            Proof(project.tasks, stage.session.client("s3"), environ["UPLOADS_BUCKET"]).run()
        except PenstockError as error:
            raise ToolError(f"{type(error).__name__}: {error}") from error
    if is_signed(stage):
        guarded = os.environ.get("AWS_ENDPOINT_URL") is None
        print(strangers_are_refused(stage) if guarded else "IAM was not asked: an emulator does not enforce it")
    print(f"Stage {stage.name} works.")
    return 0


if __name__ == "__main__":
    sys.exit(exit_code(main, sys.argv[1:]))
