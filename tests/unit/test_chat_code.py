"""Code out of models' answers: however they write it, in whatever pieces it comes; and whether it is well-formed."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator

import pytest

from atelier.v1.chat_pb2 import CodeFile, CodeResult, CompletionChunk, GenerateCodeRequest
from services.chat.code import generator
from services.chat.code.check import faults
from services.chat.code.kinds import FRAMEWORKS, entry, language_of
from services.chat.code.prompts import question
from services.chat.code.reader import Delta, Ended, FileReader, Started, safe_path
from services.kit.failures import BadInput

Files = list[tuple[str, str, bool]]


def read(text: str, entry_path: str = "main.py", piece: int = 1_000_000) -> Files:
    """Path, content and completeness of the files in an answer that comes in pieces of some size."""
    reader = FileReader(entry_path)
    events = [event for at in range(0, len(text), piece) for event in reader.feed(text[at : at + piece])]
    events += reader.finish()
    paths: dict[int, str] = {}
    said: dict[int, str] = {}
    whole: dict[int, bool] = {}
    for event in events:
        match event:
            case Started(index, path, language):
                paths[index], said[index] = path, ""
                assert language == language_of(path)
            case Delta(index, more):
                said[index] += more
            case Ended(index, complete):
                whole[index] = complete
    return [(paths[index], said[index], whole[index]) for index in paths]


HEADED = "### src/a.py\n```python\nx = 1\n```\n\n### src/b.py\n```python\ny = 2\n\nz = 3\n```\n"
ANSWERS: list[tuple[str, str, Files]] = [
    ("headed", HEADED, [("src/a.py", "x = 1\n", True), ("src/b.py", "y = 2\n\nz = 3\n", True)]),
    ("alone", "Here you are:\n\n```python\nx = 1\n```\nHave fun!", [("main.py", "x = 1\n", True)]),
    (
        "info",
        '```python title="lib/a.py"\nx\n```\n```js:web/a.js\ny\n```',
        [("lib/a.py", "x\n", True), ("web/a.js", "y\n", True)],
    ),
    ("name as language", "```src/a.ts\nx\n```", [("src/a.ts", "x\n", True)]),
    ("bold", "**`app/a.css`**\n```css\na {}\n```", [("app/a.css", "a {}\n", True)]),
    ("comment", "```tsx\n// src/App.tsx\nconst a = 1;\n```", [("src/App.tsx", "const a = 1;\n", True)]),
    ("html comment", "```html\n<!-- index.html -->\n<p>hi</p>\n```", [("index.html", "<p>hi</p>\n", True)]),
    (
        "a comment that is none",
        "```python\n# counts clicks\nx = 1\n```",
        [("main.py", "# counts clicks\nx = 1\n", True)],
    ),
    ("run it so", "```python\nx = 1\n```\nRun it:\n```bash\npython main.py\n```", [("main.py", "x = 1\n", True)]),
    ("a shell script", "### run.sh\n```bash\nls\n```", [("run.sh", "ls\n", True)]),
    (
        "another language",
        "```css\na {}\n```\n```html\n<p>\n```",
        [("main.css", "a {}\n", True), ("main-2.html", "<p>\n", True)],
    ),
    ("fence in a fence", "````markdown\n```\nx\n```\n````", [("main.md", "```\nx\n```\n", True)]),
    ("broken off", "### a.py\n```python\nx = 1\ny =", [("a.py", "x = 1\ny =", False)]),
    ("a sentence", "Change a.py and b.py as follows.\n```python\nx\n```", [("main.py", "x\n", True)]),
    ("windows", "### a.py\r\n```python\r\nx = 1\r\n```\r\n", [("a.py", "x = 1\n", True)]),
    ("upward", "### ../../etc/passwd.py\n```python\nx\n```", [("main.py", "x\n", True)]),
    (
        "json",
        json.dumps({"files": [{"path": "a.py", "content": "x\n"}, {"path": "b.py", "content": 'y "z"\n'}]}),
        [("a.py", "x\n", True), ("b.py", 'y "z"\n', False)],
    ),
    ("json in words", 'Sure!\n{"files": [{"path": "a.py", "content": "x"}]}', [("a.py", "x", False)]),
    ("prose", "I cannot write code.", []),
    ("nothing", "", []),
]


@pytest.mark.parametrize("piece", [1, 7, 1_000_000])
@pytest.mark.parametrize(("answer", "files"), [one[1:] for one in ANSWERS], ids=[one[0] for one in ANSWERS])
def test_files_are_found_however_they_are_written_and_in_whatever_pieces_they_come(
    answer: str, files: Files, piece: int
) -> None:
    found = read(answer, piece=piece)
    assert [one[:2] for one in found] == [one[:2] for one in files]
    if not answer.lstrip().startswith("{") and '{"files"' not in answer:
        assert found == files


@pytest.mark.parametrize(
    ("first", "fence", "path"),
    [
        ("src/A.tsx", "```javascript\nx\n```", "src/A.tsx"),
        ("src/A.vue", "```html\n<template>\n```", "src/A.vue"),
        ("index.html", "```javascript\n<!DOCTYPE html>\n```", "index.html"),
        ("index.html", "```css\na {}\n```", "index.css"),
    ],
)
def test_a_block_without_a_name_is_the_first_file_if_it_may_be(first: str, fence: str, path: str) -> None:
    assert [one[0] for one in read(fence, first)] == [path]


def test_a_file_is_told_while_it_is_written() -> None:
    reader = FileReader("main.py")
    assert reader.feed("### a.py\n```python\n") == []
    assert reader.feed("x = 1\n") == [Started(0, "a.py", "python"), Delta(0, "x = 1\n")]
    assert reader.feed("y =") == [] and reader.feed(" 2\n") == [Delta(0, "y = 2\n")]
    assert reader.feed("```\n") == [Ended(0, complete=True)]
    structured = FileReader("main.py")
    assert structured.feed('{"files": [{"path": "a.p') == []
    assert structured.feed('y", "content": "x = 1') == [Started(0, "a.py", "python"), Delta(0, "x = 1")]
    assert structured.feed("\\ny") == [Delta(0, "\ny")]


@pytest.mark.parametrize(
    ("given", "kept"),
    [("./a/b.py", "a/b.py"), ("/etc/x", "etc/x"), ("a\\b.py", "a/b.py"), ("`a.py`:", "a.py"), ("a/../b", ""), ("", "")],
)
def test_no_path_leads_out_of_the_project(given: str, kept: str) -> None:
    assert safe_path(given) == kept


GOOD = {
    "python": "def f() -> int:\n    return 1\n",
    "json": '{"a": [1]}',
    "javascript": "export const a = async () => { for await (const b of c) d?.e(); };\n",
    "typescript": "export function f<T extends object>(a: T): a is T & { b: 1 } { return true; }\n",
    "tsx": "export default function A({ a }: { a: string }) { return <p className='x'>{a}</p>; }\n",
    "css": "@media (min-width: 1px) { a > b::before { color: var(--c); } }\n",
    "html": "<!doctype html><html><body><p>one<br><script>let a = 1;</script></body></html>",
    "vue": "<template><p>{{ a }}</p></template>\n<script setup lang='ts'>\nconst a: number = 1\n</script>",
    "svelte": "<script lang='ts'>\nlet { a }: { a: string } = $props();\n</script>\n<p>{a}</p>",
}
BAD = {
    "python": ("x = 1\ndef f(:\n", 2),
    "json": ('{"a": 1,}', 1),
    "javascript": ("let a = 1;\nconst b = (;\n", 2),
    "typescript": ("interface A {\n  b: ;\n}\n", 2),
    "tsx": ("const a = <p>;\n", 1),
    "css": ("a { color: red; }\nb { c }}\n", 2),
    "html": ("<p>hi</p>\n<script>\nlet a = ;\n</script>", 3),
    "vue": ("<template/>\n<script setup lang='ts'>\nconst a: = 1\n</script>", 3),
}


@pytest.mark.parametrize("language", GOOD)
def test_well_formed_code_has_no_faults(language: str) -> None:
    assert faults(language, GOOD[language]) == []


@pytest.mark.parametrize("language", BAD)
def test_a_fault_is_told_with_its_line(language: str) -> None:
    code, line = BAD[language]
    found = faults(language, code)
    assert found and found[0].line == line and found[0].message


def test_what_nobody_can_check_is_not_called_good() -> None:
    assert faults("toml", "a = ") is None


# --- from request to result -------------------------------------------------------------------------------------------


def asked(**fields: object) -> GenerateCodeRequest:
    known = {"project_name": "Click counter", "description": "Counts clicks.", "framework": "python"}
    return GenerateCodeRequest(**{**known, "target_type": "script", **fields})  # pyright: ignore[reportArgumentType]


async def result(text: str, request: GenerateCodeRequest, *, finish: str = "stop") -> CodeResult:
    async def chunks() -> AsyncGenerator[CompletionChunk, None]:
        for at in range(0, len(text), 5):
            yield CompletionChunk(json=[json.dumps({"choices": [{"delta": {"content": text[at : at + 5]}}]}).encode()])
        last = {"choices": [{"delta": {}, "finish_reason": finish}], "atelier": {"model": "m"}}
        yield CompletionChunk(json=[json.dumps(last).encode()])

    events = [event async for event in generator.events(request, chunks())]
    assert [event.WhichOneof("event") for event in events].count("result") == 1
    return events[-1].result


async def test_the_result_has_the_files_checked_and_says_who_answered() -> None:
    told = await result("### a.py\n```python\nx = (\n```\n### b.toml\n```toml\na = 1\n```", asked())
    first, second = told.files
    assert (first.path, first.checked, first.complete, first.changed) == ("a.py", True, True, True)
    assert first.faults[0].line == 1 and not second.checked
    assert told.usable and json.loads(told.atelier) == {"model": "m"}


async def test_bare_code_is_the_first_file() -> None:
    told = await result('print("hello")\n', asked())
    assert [(file.path, file.content) for file in told.files] == [("main.py", 'print("hello")\n')]


@pytest.mark.parametrize(
    ("text", "finish", "reason"),
    [("", "stop", "nothing"), ("I would rather not.", "stop", "no file"), ("Well, let me", "length", "tokens")],
)
async def test_an_answer_without_files_is_said_to_be_unusable_and_kept(text: str, finish: str, reason: str) -> None:
    told = await result(text, asked(), finish=finish)
    assert not told.usable and reason in told.reason and told.raw == text and not told.files


async def test_a_change_keeps_what_it_does_not_touch() -> None:
    before = [CodeFile(path="a.py", language="python", content="a"), CodeFile(path="b.py", content="b")]
    told = await result("### b.py\n```python\nc = 1\n```", asked(files=before, instruction="Shorter."))
    assert [(f.path, f.content, f.changed) for f in told.files] == [("a.py", "a", False), ("b.py", "c = 1\n", True)]
    told = await result("### b.py\n```python\nc = ", asked(files=before, instruction="Shorter."), finish="length")
    assert [f.complete for f in told.files] == [True, False]


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_every_framework_and_target_has_a_question_and_a_first_file(framework: str) -> None:
    for target in FRAMEWORKS[framework].entries:
        path = entry(framework, target, "2 fast: Ä!")
        assert safe_path(path) == path and language_of(path) != "text"
        for structured in (False, True):
            request = asked(framework=framework, target_type=target)
            generator.check(request)
            made = question(request, structured=structured)
            assert entry(framework, target, request.project_name) in made.messages[1].content.string_value
            assert bool(made.response_format.fields) == structured


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"framework": "cobol"}, "framework"),
        ({"framework": "react", "target_type": "api"}, "target_type"),
        ({"instruction": "Shorter."}, "files"),
    ],
)
def test_what_nobody_can_write_is_refused_by_name(fields: dict[str, str], field: str) -> None:
    with pytest.raises(BadInput) as fault:
        generator.check(asked(**fields))
    assert [one.field for one in fault.value.fields] == [field]
