"""The HTTP side: an ASGI application with `/health`, `/v1/models` and `/v1/embeddings` in OpenAI's shapes."""

import asyncio
import base64
import time
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson

from services.chat.embedder.model import EmbeddingModel, TooLong

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_BODY_LIMIT = 32 * 1024 * 1024
_TEXTS_LIMIT = 2048


class Refused(Exception):
    """The request cannot be answered; `param` names the field at fault."""

    def __init__(self, message: str, param: str, status: int = 400) -> None:
        super().__init__(message)
        self.message = message
        self.param = param
        self.status = status


@dataclass(frozen=True)
class Wanted:
    """What one request asks for: texts or token lists, and the form of the vectors."""

    texts: list[str]
    tokens: list[list[int]]
    as_base64: bool


class EmbeddingApp:
    """Serves one model under one name; requests are computed one after the other, each in batches."""

    def __init__(self, model: EmbeddingModel, name: str) -> None:
        """`name` is what `/v1/models` lists; requests may leave it out."""
        self._model = model
        self._name = name
        self._created = int(time.time())
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="embed")

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            return
        try:
            status, answer = 200, await self._answer(scope["method"], scope["path"], receive)
        except Refused as refused:
            kind = "invalid_request_error"
            error = {"message": refused.message, "type": kind, "param": refused.param or None, "code": None}
            status, answer = refused.status, {"error": error}
        body = orjson.dumps(answer, option=orjson.OPT_SERIALIZE_NUMPY)
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, verb: str, path: str, receive: Receive) -> dict[str, Any]:
        match verb, path:
            case "GET", "/health":
                return {"status": "ok"}
            case "GET", "/v1/models":
                return {"object": "list", "data": [self._card()]}
            case "POST", "/v1/embeddings":
                return await self._embeddings(await _body(receive))
        raise Refused(f"{verb} {path} is not served here", "", status=404)

    def _card(self) -> dict[str, Any]:
        return {
            "id": self._name,
            "object": "model",
            "created": self._created,
            "owned_by": "atelier",
            "max_model_len": self._model.max_tokens,
        }

    async def _embeddings(self, body: dict[str, Any]) -> dict[str, Any]:
        wanted = self._read(body)
        loop = asyncio.get_running_loop()
        try:
            ids = wanted.tokens or await loop.run_in_executor(self._worker, self._model.tokenize, wanted.texts)
        except TooLong as error:
            raise Refused(str(error), "input") from error
        found = await loop.run_in_executor(self._worker, self._model.embed, ids)
        data = [
            {"object": "embedding", "index": index, "embedding": _encoded(vector) if wanted.as_base64 else vector}
            for index, vector in enumerate(found.vectors)
        ]
        usage = {"prompt_tokens": found.tokens, "total_tokens": found.tokens}
        return {"object": "list", "data": data, "model": self._name, "usage": usage}

    def _read(self, body: dict[str, Any]) -> Wanted:
        name = body.get("model")
        if name and name != self._name:
            raise Refused(f"the model here is {self._name}", "model", status=404)
        form = body.get("encoding_format") or "float"
        if form not in ("float", "base64"):
            raise Refused("encoding_format is float or base64", "encoding_format")
        dimensions = body.get("dimensions")
        if dimensions not in (None, self._model.dimensions):
            message = f"{self._name} has {self._model.dimensions} dimensions and cannot be shortened"
            raise Refused(message, "dimensions")
        texts, tokens = self._read_input(body.get("input"))
        return Wanted(texts, tokens, as_base64=form == "base64")

    def _read_input(self, given: Any) -> tuple[list[str], list[list[int]]]:
        if isinstance(given, str) or (isinstance(given, list) and given and all(_is_token(item) for item in given)):
            given = [given]
        if not isinstance(given, list) or not given:
            raise Refused("input is a text, a list of texts, or lists of token ids, and not empty", "input")
        if len(given) > _TEXTS_LIMIT:
            raise Refused(f"input has {len(given)} texts; at most {_TEXTS_LIMIT} go into one request", "input")
        if all(isinstance(item, str) for item in given):
            if "" in given:
                raise Refused(f"input {given.index('')} is empty", "input")
            return given, []
        for index, item in enumerate(given):
            if not (isinstance(item, list) and item and all(_is_token(token) for token in item)):
                raise Refused(f"input {index} is neither a text nor a list of token ids", "input")
            if max(item) >= self._model.vocabulary:
                raise Refused(f"input {index} has a token id over {self._model.vocabulary - 1}", "input")
            if len(item) > self._model.max_tokens:
                raise Refused(str(TooLong(index, len(item), self._model.max_tokens)), "input")
        return [], given


def _is_token(item: Any) -> bool:
    return isinstance(item, int) and not isinstance(item, bool) and item >= 0


def _encoded(vector: np.ndarray) -> str:
    """Little-endian float32, as OpenAI's SDKs decode it."""
    return base64.b64encode(vector.astype("<f4").tobytes()).decode()


async def _body(receive: Receive) -> dict[str, Any]:
    parts: list[bytes] = []
    size = 0
    more = True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > _BODY_LIMIT:
            raise Refused(f"the request is over {_BODY_LIMIT} bytes", "input", status=413)
        more = message.get("more_body", False)
    try:
        body = orjson.loads(b"".join(parts))
    except orjson.JSONDecodeError as error:
        raise Refused(f"the body is not JSON: {error}", "") from error
    if not isinstance(body, dict):
        raise Refused("the body is not a JSON object", "")
    return body
