"""The network between us and AWS: an HTTP proxy that loses some requests, and some replies to requests that were carried out.

To lose is to close the connection without a word. Each listener has its own rate, for requests and for replies alike.
"""

import argparse
import asyncio
import contextlib
import random
import re
import socket
import sys
from collections.abc import Callable
from pathlib import Path

from penstock.local import lifeline
from penstock.local.sockets import HOST
from tests.kills.logs import Log

READY = "the proxy is ready"
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_OPERATION = re.compile(rb"\r\nx-amz-target: *[^\r]*\.(\w+)", re.IGNORECASE)


class Network:
    """Loses with a chance of ``rate``, until ``calm`` exists; writes down what it lost."""

    def __init__(self, upstream: int, log: Log, calm: Path, chance: random.Random) -> None:
        self._upstream = upstream
        self._log = log
        self._calm = calm
        self._chance = chance
        self._connections: set[asyncio.Task[None]] = set()  # asyncio itself holds its tasks by weak references only

    def at(self, rate: float) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], None]:
        """What a listener does with a connection, where ``rate`` is lost."""

        def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            connection = asyncio.create_task(self._serve(reader, writer, rate))
            self._connections.add(connection)
            connection.add_done_callback(self._connections.discard)

        return accept

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, rate: float) -> None:
        """One connection of a client, to its end. What was received whole is carried out, even if its sender is dead."""
        upstream: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        try:
            while request := await _message(reader):
                if self._loses("lost request", request, rate):
                    return
                if upstream is None or upstream[0].at_eof():
                    upstream = await asyncio.open_connection(HOST, self._upstream)
                upstream[1].write(request)
                reply = await _message(upstream[0])
                if not reply or self._loses("lost reply", request, rate):
                    return
                writer.write(reply)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            for end in [writer] if upstream is None else [writer, upstream[1]]:
                end.close()
                with contextlib.suppress(ConnectionError):
                    await end.wait_closed()

    def _loses(self, kind: str, request: bytes, rate: float) -> bool:
        if self._chance.random() >= rate or self._calm.exists():
            return False
        operation = _OPERATION.search(request)
        self._log.note(kind, operation=operation[1].decode() if operation else request[:60].decode(errors="replace"))
        return True


async def _message(reader: asyncio.StreamReader) -> bytes:
    """A whole request or reply; empty at the end of the connection. AWS's JSON protocols always say how long it is."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return b""
    length = _LENGTH.search(head)
    return head + (await reader.readexactly(int(length[1])) if length else b"")


async def _run(options: argparse.Namespace) -> None:
    network = Network(options.upstream, Log(options.log), options.calm, random.Random(options.seed))
    servers = [
        await asyncio.start_server(network.at(float(rate)), sock=socket.socket(fileno=int(descriptor)))
        for descriptor, rate in options.listener
    ]
    print(READY, flush=True)
    await asyncio.gather(*(server.serve_forever() for server in servers))


def main(arguments: list[str]) -> int:
    """Serve until somebody ends it."""
    parser = argparse.ArgumentParser(description=__doc__)
    lifeline.add_argument(parser)
    parser.add_argument("--upstream", type=int, required=True, help="the emulator's port")
    parser.add_argument("--listener", nargs=2, action="append", metavar=("DESCRIPTOR", "RATE"), required=True)
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--calm", type=Path, required=True)
    parser.add_argument("--seed", type=int, required=True)
    options = parser.parse_args(arguments)
    lifeline.hold(options)
    asyncio.run(_run(options))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
