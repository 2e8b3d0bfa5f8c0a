"""The network of the kill runs loses what it says that it loses, and nothing else."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from random import Random

from penstock.local.sockets import HOST
from tests.kills import logs
from tests.kills.proxy import Network

REQUEST = b"POST / HTTP/1.1\r\nX-Amz-Target: AmazonSQS.SendMessage\r\nContent-Length: 2\r\n\r\n{}"
REPLY = b"HTTP/1.1 200\r\nContent-Length: 4\r\n\r\ndone"
LOSE, PASS = 0.0, 0.9


class Script(Random):
    """Chance with the outcome written down."""

    def __init__(self, numbers: Sequence[float]) -> None:
        super().__init__(0)
        self._numbers = iter(numbers)

    def random(self) -> float:
        return next(self._numbers)


class Server:
    """AWS: answers every request, and counts them."""

    def __init__(self) -> None:
        self.carried_out = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(len(REQUEST)):
            self.carried_out += 1
            writer.write(REPLY)
        writer.close()
        await writer.wait_closed()


def through(folder: Path, *numbers: float, requests: int = 1) -> tuple[list[bytes], int]:
    """What the client was answered, empty where the connection was closed, and how many requests were carried out."""
    return asyncio.run(_through(folder, numbers, requests))


async def _through(folder: Path, numbers: Sequence[float], requests: int) -> tuple[list[bytes], int]:
    aws = Server()
    async with await asyncio.start_server(aws.serve, HOST, 0) as upstream:
        port = upstream.sockets[0].getsockname()[1]
        network = Network(port, logs.Log(folder / "losses"), folder / "calm", Script(numbers))
        async with await asyncio.start_server(network.at(0.5), HOST, 0) as listener:
            reader, writer = await asyncio.open_connection(HOST, listener.sockets[0].getsockname()[1])
            answers = []
            for _ in range(requests):
                writer.write(REQUEST)
                answers.append(await reader.read(len(REPLY)))
            writer.close()
            await writer.wait_closed()
            await asyncio.gather(*(asyncio.all_tasks() - {asyncio.current_task()}))
    return answers, aws.carried_out


def lost(folder: Path) -> list[tuple[str, str]]:
    return [(fact["kind"], fact["operation"]) for fact in logs.read(folder / "losses")]


def test_what_is_not_lost_is_answered_on_one_connection(tmp_path: Path) -> None:
    assert through(tmp_path, PASS, PASS, PASS, PASS, requests=2) == ([REPLY, REPLY], 2)
    assert lost(tmp_path) == []


def test_a_lost_request_is_not_carried_out(tmp_path: Path) -> None:
    assert through(tmp_path, LOSE) == ([b""], 0)
    assert lost(tmp_path) == [("lost request", "SendMessage")]


def test_the_request_of_a_lost_reply_is_carried_out(tmp_path: Path) -> None:
    assert through(tmp_path, PASS, LOSE) == ([b""], 1)
    assert lost(tmp_path) == [("lost reply", "SendMessage")]


def test_nothing_is_lost_once_it_is_calm(tmp_path: Path) -> None:
    (tmp_path / "calm").touch()
    assert through(tmp_path, LOSE, LOSE) == ([REPLY], 1)
