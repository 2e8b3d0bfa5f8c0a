"""A mail leaves by SES, from the address that Terraform was told, and the note on it is kept."""

import json
from collections.abc import Callable

from tests.e2e.deployment import MAIL_SENDER, Deployment
from tests.e2e.emulator import Emulator
from tests.e2e.photos import is_final, until
from tests.e2e.visitor import Visitor


def test_a_mail_is_sent_once_and_noted(
    gunicorn: Visitor, deployment: Deployment, emulator: Emulator, in_bucket: Callable[[str], bytes]
) -> None:
    emulator.client("sesv2").create_email_identity(EmailIdentity=MAIL_SENDER)

    # SES's mailbox simulator, which takes mails from accounts in the sandbox too.
    task_id = deployment.enqueue("send_email", to="success@simulator.amazonses.com", subject="Hello", text="Ada")
    document = until(gunicorn, task_id, is_final)

    assert (document["status"], document["attempts"]) == ("SUCCEEDED", 1)
    assert json.loads(in_bucket(f"emails/{task_id}")) == {"message_id": document["result"]["message_id"]}
