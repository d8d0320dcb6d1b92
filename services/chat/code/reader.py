"""Reads files out of a model's answer while it is being written.

What models write is one of: fenced blocks, each with its path somewhere near; a JSON object with `files`, asked for or
not; bare code. All three are taken.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

from pydantic_core import from_json

from services.chat.code.kinds import alike, extension_of, language_of

_MOST_FILES = 64
_PATH = r"(?P<path>[\w@+.\-\[\]()/]*\w\.[A-Za-z]\w{0,9}|(?:[\w.\-/]+/)?(?:Dockerfile|Makefile))"
_NAMED = re.compile(_PATH)
_FENCE = re.compile(r"^ {0,3}(?P<marks>`{3,}|~{3,})[ \t]*(?P<info>[^`\n]*)$")
_COMMENT = re.compile(rf"^\s*(?:#|//|/\*|<!--|--)\s*(?:file(?:name)?:\s*)?{_PATH}\s*(?:\*/|-->)?\s*$", re.IGNORECASE)
_PAGE = re.compile(r"\s*<(?:!doctype html|html)\b", re.IGNORECASE)
# What is longer is no name of a file.
_LONGEST = 200
# Blocks of these are for people to read or type unless they say which file they are.
_NO_FILES = frozenset({"bash", "console", "diff", "log", "output", "plaintext", "sh", "shell", "text", "txt", "zsh"})


@dataclass(frozen=True)
class Started:
    """A file begins. One of a path that was there before takes its place."""

    index: int
    path: str
    language: str


@dataclass(frozen=True)
class Delta:
    """More of a file."""

    index: int
    text: str


@dataclass(frozen=True)
class Ended:
    """A file is over; `complete` is false if the answer broke off inside it."""

    index: int
    complete: bool


Event = Started | Delta | Ended


def safe_path(given: str) -> str:
    """A path as it is kept: relative, with slashes, without steps upward; "" = it is none."""
    parts = [part for part in given.strip().strip("`'\"*:").replace("\\", "/").split("/") if part not in ("", ".")]
    path = "/".join(parts)
    if not parts or ".." in parts or len(path) > _LONGEST or any(ord(c) < 32 or c in '<>|"?*' for c in path):
        return ""
    return path


class FileReader:
    """Feed it the answer piece by piece; it tells of files as they become known."""

    def __init__(self, entry: str) -> None:
        """`entry` is the path of the first file, if the answer names none."""
        self._entry = entry
        self._text = ""
        self._read: Iterator[Event] | None = None
        self._mode: _Fences | _Json | None = None

    @property
    def text(self) -> str:
        """Everything that came."""
        return self._text

    def feed(self, text: str) -> list[Event]:
        """What more of the answer says."""
        self._text += text
        if self._mode is None:
            start = self._text.lstrip()
            if not start:
                return []
            if start[0] == "{":
                self._mode = _Json()
            else:
                self._mode = _Fences(self._entry)
                return list(self._mode.feed(self._text))
        return list(self._mode.feed(self._text.lstrip() if isinstance(self._mode, _Json) else text))

    def finish(self) -> list[Event]:
        """The answer is over."""
        if self._mode is None:
            return []
        events = list(self._mode.finish())
        if isinstance(self._mode, _Fences) and not self._mode.count:
            # Some wrap the object they were asked for in a fence or in words.
            begin = self._text.find('{"files"')
            events += _Json().whole(self._text[begin:]) if begin >= 0 else []
        return events


class _Fences:
    """Fenced blocks, line by line."""

    def __init__(self, entry: str) -> None:
        self.count = 0
        self._entry = entry
        self._line = ""
        self._hint = ""
        self._marks = ""
        self._skipping = False
        self._index: int | None = None
        self._info = ("", "")

    def feed(self, text: str) -> Iterator[Event]:
        *lines, self._line = (self._line + text).split("\n")
        for line in lines:
            yield from self._take(line, "\n")

    def finish(self) -> Iterator[Event]:
        if self._line:
            line, self._line = self._line, ""
            yield from self._take(line, "")
        if self._marks and self._index is not None:
            yield Ended(self._index, complete=False)
            self._marks = ""

    def _take(self, line: str, end: str) -> Iterator[Event]:
        line = line.removesuffix("\r")
        if not self._marks:
            self._outside(line)
        elif line.strip() and not line.strip().strip(self._marks[0]) and len(line.strip()) >= len(self._marks):
            yield from self._close()
        elif not self._skipping:
            if self._index is None:
                started, used = self._begin(line)
                yield started
                if used:
                    return
            yield Delta(self._index or 0, line + end)

    def _outside(self, line: str) -> None:
        fence = _FENCE.match(line)
        if fence is None:
            if line.strip():
                # Of the line before a block; a sentence about several files says nothing about the next one.
                named = _NAMED.findall(line) if len(line) <= _LONGEST else []
                self._hint = safe_path(named[0]) if len(named) == 1 else ""
            return
        self._marks, self._index = fence["marks"], None
        language, _, rest = fence["info"].strip()[:_LONGEST].partition(" ")
        language, _, path = language.partition(":")
        named = _NAMED.search(path or rest)
        if not extension_of(language) and _NAMED.fullmatch(language):
            named, language = _NAMED.fullmatch(language), ""
        path = safe_path(named["path"]) if named is not None else self._hint
        self._info, self._hint = (language, path), ""
        self._skipping = (not path and language.lower() in _NO_FILES) or self.count >= _MOST_FILES

    def _begin(self, line: str) -> tuple[Started, bool]:
        """The file of the block that begins with this line, and whether the line did no more than name it."""
        language, path = self._info
        comment = _COMMENT.match(line) if len(line) <= _LONGEST else None
        named = safe_path(comment["path"]) if comment is not None else ""
        labelled = bool(named) and path in ("", named)
        path = named if labelled else path
        self._index = self.count
        self.count += 1
        extension = "html" if _PAGE.match(line) else extension_of(language)
        path = path or self._default(extension)
        return Started(self._index, path, language_of(path)), labelled

    def _default(self, extension: str) -> str:
        if self._index == 0 and (not extension or alike(f"a.{extension}", self._entry)):
            return self._entry
        stem, _, known = self._entry.rpartition(".")
        if self._index == 0:
            return f"{stem}.{extension}"
        return f"{stem}-{(self._index or 0) + 1}.{extension or known}"

    def _close(self) -> Iterator[Event]:
        if self._index is not None:
            yield Ended(self._index, complete=True)
        self._marks, self._index, self._skipping = "", None, False


class _Json:
    """`{"files": [{"path": …, "content": …}]}`, as much of it as is there."""

    def __init__(self) -> None:
        self._given: list[int] = []
        self._over = 0

    def feed(self, text: str) -> Iterator[Event]:
        try:
            data = from_json(text, allow_partial="trailing-strings")
        except ValueError:
            return
        yield from self._tell(data)

    def finish(self) -> Iterator[Event]:
        for index in range(self._over, len(self._given)):
            yield Ended(index, complete=False)

    def whole(self, text: str) -> list[Event]:
        return [*self.feed(text), *self.finish()]

    def _tell(self, data: Any) -> Iterator[Event]:
        files = cast(dict[str, Any], data).get("files") if isinstance(data, dict) else None
        if not isinstance(files, list):
            return
        files = cast(list[Any], files)[:_MOST_FILES]
        for index, one in enumerate(files):
            if not isinstance(one, dict) or not isinstance(one.get("content"), str):  # pyright: ignore[reportUnknownMemberType]
                continue
            path, content = safe_path(str(one.get("path"))), str(one["content"])  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
            if index >= len(self._given):
                if not path or index > len(self._given):
                    continue
                self._given.append(0)
                yield Started(index, path, language_of(path))
            if len(content) > self._given[index]:
                yield Delta(index, content[self._given[index] :])
                self._given[index] = len(content)
            if index + 1 < len(files) and index >= self._over:
                self._over = index + 1
                yield Ended(index, complete=True)
