"""The worker over in-memory ports, batch by batch: what the fuzzing and the counting of calls drive."""

from penstock import Penstock
from penstock.batch import process
from penstock.execution import Invocation
from penstock.local import sqs_event
from penstock.memory import ManualClock, SeededRandom, ports
from penstock.settings import QueueSettings

QUEUE, LETTERS = "default", "default-dlq"
ARN = f"arn:aws:sqs:eu-central-1:123456789012:{QUEUE}"
MAX_RECEIVE_COUNT = 4
BATCH_SIZE = 10


class Handler:
    """A queue, its worker and a clock moved by hand; register tasks on ``tasks``."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.tasks = Penstock()
        settings = {QUEUE: QueueSettings(QUEUE, f"memory://{QUEUE}", max_receive_count=MAX_RECEIVE_COUNT)}
        self.ports = ports(settings, clock=self.clock, random=SeededRandom(5))
        self.tasks.connect(self.ports)

    def deliver(self) -> int:
        """One batch through the worker, settled as Lambda does it; how many messages it had."""
        messages = self.ports.transport.receive(QUEUE, max_messages=BATCH_SIZE)
        if messages:
            event = sqs_event.event(sqs_event.record(message, ARN) for message in messages)
            answer = process(self.tasks, event, Invocation("request", lambda: 310.0)).response()
            failed = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
            done = [message.receipt_handle for message in messages if message.message_id not in failed]
            self.ports.transport.delete(QUEUE, done)
        return len(messages)

    def drain(self) -> None:
        """Deliver, and let time pass, until the queue is empty."""
        for _ in range(100):
            while self.deliver():
                pass
            depth = self.ports.transport.depth(QUEUE)
            if depth.visible + depth.in_flight + depth.delayed == 0:
                return
            self.clock.advance(901)
        raise AssertionError(f"the queue does not become empty: {depth}")
