"""An OpenAI-compatible server that says the same words to everyone: `python -m tests.bench.mock_upstream --port 9000`.

It is what stands behind the proxies that are compared, so it must never be what they wait for: an answer is made once
and then only written, a stream costs one timer, and nothing of a request is read but `model`, `stream` and the number
of tokens. Its models are `paced`, which writes a delta at fixed moments however late the last one was, and `instant`,
which writes the whole answer at once. Alone, asked by `crowd.py` on one core each, it carried 1024 streams of 50 deltas
a second at 0.7 of a core, 256 at 0.27, and 8,000 instant streams a second.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
from collections.abc import Sequence
from typing import Any, cast

import orjson
import uvloop

PACED, INSTANT = "paced", "instant"
TOKENS = 64
GAP_MS = 20.0
_WORD = "word "
_PROMPT_TOKENS = 12
_STREAM = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
_END = b"0\r\n\r\n"


class Script:
    """What is said, as it goes over the wire; made once for each length that is asked for."""

    def __init__(self, gap_s: float) -> None:
        self.gap_s = gap_s
        self._streams: dict[tuple[str, int], Sequence[bytes]] = {}
        self._wholes: dict[tuple[str, int], bytes] = {}

    def stream(self, model: str, tokens: int) -> Sequence[bytes]:
        """One write for each delta: the first has head and role with it, the last all that ends the response."""
        found = self._streams.get((model, tokens))
        if found is None:
            deltas = [_event(model, {"content": _WORD}) for _ in range(tokens)]
            ending = _event(model, {}, finish="length") + _usage_event(model, tokens) + _chunk(b"data: [DONE]\n\n")
            opening = _STREAM + _event(model, {"role": "assistant", "content": ""})
            found = [opening + deltas[0], *deltas[1:-1], deltas[-1] + ending + _END]
            self._streams[model, tokens] = found
        return found

    def whole(self, model: str, tokens: int) -> bytes:
        """The response to a request that wants no stream."""
        found = self._wholes.get((model, tokens))
        if found is None:
            message = {"role": "assistant", "content": _WORD * tokens}
            choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "length"}
            body = {**_envelope(model, "chat.completion"), "choices": [choice], "usage": _usage(tokens)}
            found = self._wholes[model, tokens] = response(body)
        return found


class Talk(asyncio.Protocol):
    """One connection."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._received = bytearray()
        self._transport: asyncio.Transport
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's are no subclasses of asyncio's.
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def data_received(self, data: bytes) -> None:
        self._received += data
        end = self._received.find(b"\r\n\r\n")
        if end < 0:
            return
        head = bytes(self._received[:end]).lower()
        length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
        if len(self._received) < end + 4 + length:
            return
        body = bytes(self._received[end + 4 : end + 4 + length])
        del self._received[: end + 4 + length]
        self._answer(head, body)

    def _answer(self, head: bytes, body: bytes) -> None:
        if not head.startswith(b"post"):
            data = [{"id": model, "object": "model", "created": 0, "owned_by": "mock"} for model in (PACED, INSTANT)]
            self._transport.write(response({"object": "list", "data": data}))
            return
        asked = orjson.loads(body)
        model = asked["model"]
        tokens = max(2, asked.get("max_tokens") or asked.get("max_completion_tokens") or TOKENS)
        if not asked.get("stream"):
            self._transport.write(self._script.whole(model, tokens))
        elif model == INSTANT:
            self._transport.write(b"".join(self._script.stream(model, tokens)))
        else:
            # The first token takes a model as long as any other here.
            self._write_at(
                asyncio.get_running_loop().time() + self._script.gap_s, self._script.stream(model, tokens), 0
            )

    def _write_at(self, moment: float, pieces: Sequence[bytes], number: int) -> None:
        self._timer = asyncio.get_running_loop().call_at(moment, self._write, moment, pieces, number)

    def _write(self, moment: float, pieces: Sequence[bytes], number: int) -> None:
        self._transport.write(pieces[number])
        if number + 1 < len(pieces):
            self._write_at(moment + self._script.gap_s, pieces, number + 1)


def response(body: dict[str, Any]) -> bytes:
    """A JSON response with its head."""
    data = orjson.dumps(body)
    head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(data)}\r\n\r\n"
    return head.encode() + data


def _envelope(model: str, kind: str) -> dict[str, Any]:
    return {"id": "chatcmpl-mock", "object": kind, "created": 1_700_000_000, "model": model}


def _event(model: str, delta: dict[str, str], finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    return _data({**_envelope(model, "chat.completion.chunk"), "choices": [choice]})


def _usage_event(model: str, tokens: int) -> bytes:
    return _data({**_envelope(model, "chat.completion.chunk"), "choices": [], "usage": _usage(tokens)})


def _usage(tokens: int) -> dict[str, int]:
    return {
        "prompt_tokens": _PROMPT_TOKENS,
        "completion_tokens": tokens,
        "total_tokens": _PROMPT_TOKENS + tokens,
    }


def _data(told: dict[str, Any]) -> bytes:
    return _chunk(b"data: " + orjson.dumps(told) + b"\n\n")


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


async def _serve(port: int, gap_s: float) -> None:
    loop, script, ending = asyncio.get_running_loop(), Script(gap_s), asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, ending.set)
    server = await loop.create_server(lambda: Talk(script), "127.0.0.1", port, backlog=1024)
    async with server:
        await ending.wait()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.mock_upstream", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--gap-ms", type=float, default=GAP_MS, help="between two deltas of the model `paced`")
    options = parser.parse_args()
    uvloop.run(_serve(options.port, options.gap_ms / 1000))


if __name__ == "__main__":
    main()
