"""Turns a model's streamed answer into events: files as they are written, then what came of it."""

import re
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from typing import Any

import orjson

from atelier.v1.chat_pb2 import (
    CodeDelta,
    CodeEvent,
    CodeFault,
    CodeFile,
    CodeFileEnded,
    CodeFileStarted,
    CodeOptionsResponse,
    CodeResult,
    CompletionChunk,
    GenerateCodeRequest,
)
from services.chat.code import reader
from services.chat.code.check import faults
from services.chat.code.kinds import FRAMEWORKS, entry, language_of
from services.chat.code.reader import FileReader
from services.kit.failures import BadInput

# Bare code has one of these; prose seldom does.
_CODE = re.compile(
    r"^\s*(?:def |class |import |from \S+ import |const |let |function |export |<[\w!]|[\w.]+\(.*\)\s*;?$|\w+ = )",
    re.MULTILINE | re.IGNORECASE,
)


def check(request: GenerateCodeRequest) -> None:
    """Raises `BadInput` naming the field that asks for what nobody can write."""
    if request.framework not in FRAMEWORKS:
        raise BadInput.of("framework", f"must be one of {', '.join(FRAMEWORKS)}")
    suitable = FRAMEWORKS[request.framework].entries
    if request.target_type not in suitable:
        words = ", ".join(suitable)
        raise BadInput.of("target_type", f"must be one of {words} for {FRAMEWORKS[request.framework].label}")
    if request.instruction and not request.files:
        raise BadInput.of("files", "are required with an instruction: what shall be changed?")


async def events(
    request: GenerateCodeRequest, chunks: AsyncGenerator[CompletionChunk, None]
) -> AsyncGenerator[CodeEvent, None]:
    """The files of an answer while it is written, and at its end what came of it."""
    found = _Found(request)
    async with aclosing(chunks) as answer:
        async for chunk in answer:
            told = found.read(chunk)
            for event in told:
                yield event
    for event in found.finish():
        yield event
    yield CodeEvent(result=found.result())


class _Found:
    """What an answer holds so far."""

    def __init__(self, request: GenerateCodeRequest) -> None:
        self._first = entry(request.framework, request.target_type, request.project_name)
        self._reader = FileReader(self._first)
        self._before = {file.path: file for file in request.files}
        self._files: dict[int, CodeFile] = {}
        self._broken: set[str] = set()
        self._atelier: dict[str, Any] = {}
        self._cut = False

    def read(self, chunk: CompletionChunk) -> list[CodeEvent]:
        text = ""
        for part in chunk.json:
            data = orjson.loads(part)
            self._atelier = data.get("atelier") or self._atelier
            for choice in data.get("choices") or ():
                text += (choice.get("delta") or {}).get("content") or ""
                self._cut = self._cut or choice.get("finish_reason") == "length"
        return self._told(self._reader.feed(text)) if text else []

    def finish(self) -> list[CodeEvent]:
        told = self._told(self._reader.finish())
        text = self._reader.text.strip()
        if not self._files and _CODE.search(text) and faults(language_of(self._first), text) in ([], None):
            # No fence, no object: the answer is the code.
            told += self._told(
                [
                    reader.Started(0, self._first, language_of(self._first)),
                    reader.Delta(0, f"{text}\n"),
                    reader.Ended(0, complete=not self._cut),
                ]
            )
        return told

    def _told(self, found: Iterable[reader.Event]) -> list[CodeEvent]:
        told = list[CodeEvent]()
        for event in found:
            match event:
                case reader.Started(index, path, language):
                    self._files[index] = CodeFile(path=path, language=language)
                    told.append(CodeEvent(started=CodeFileStarted(index=index, path=path, language=language)))
                case reader.Delta(index, text):
                    self._files[index].content += text
                    told.append(CodeEvent(delta=CodeDelta(index=index, text=text)))
                case reader.Ended(index, complete):
                    if not complete:
                        self._broken.add(self._files[index].path)
                    told.append(CodeEvent(ended=CodeFileEnded(index=index, complete=complete)))
        return told

    def result(self) -> CodeResult:
        # Of two files of one path the later one is meant; what was not touched stays.
        written = {file.path: file for file in self._files.values() if file.content.strip()}
        whole = {**self._before, **written}
        result = CodeResult(raw=self._reader.text, usable=bool(written), atelier=orjson.dumps(self._atelier))
        for path, file in whole.items():
            kept = result.files.add(path=path, language=file.language or language_of(path), content=file.content)
            wrong = faults(kept.language, kept.content)
            kept.checked = wrong is not None
            kept.complete = path not in self._broken
            kept.changed = path in written
            kept.faults.extend(CodeFault(line=one.line, column=one.column, message=one.message) for one in wrong or ())
        if not written:
            result.reason = _why(self._reader.text, cut=self._cut)
        return result


def _why(text: str, *, cut: bool) -> str:
    if not text.strip():
        return "The model answered nothing."
    if cut:
        return "The model used all its tokens before the first file."
    return "The model's answer holds no file."


def options() -> CodeOptionsResponse:
    """What can be asked for."""
    found = CodeOptionsResponse()
    for name, framework in FRAMEWORKS.items():
        found.frameworks.add(name=name, label=framework.label, targets=list(framework.entries))
    return found
