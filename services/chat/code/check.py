"""Is code well-formed? Nothing is run, and nothing said about whether it does what it should."""

import ast
import functools
import json
import re
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import tree_sitter_css
import tree_sitter_html
import tree_sitter_javascript
import tree_sitter_typescript
from tree_sitter import Language, Node, Parser

_MOST_FAULTS = 10
_SCRIPT = re.compile(r"<script(?P<attributes>[^>]*)>(?P<code>.*?)</script>", re.DOTALL | re.IGNORECASE)
_STYLE = re.compile(r"<style(?P<attributes>[^>]*)>(?P<code>.*?)</style>", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True)
class Fault:
    """What is wrong, and where: line and column from 1."""

    line: int
    column: int
    message: str


@functools.cache
def _parser(language: str) -> Parser:
    grammars = {
        "css": tree_sitter_css.language,
        "html": tree_sitter_html.language,
        "javascript": tree_sitter_javascript.language,
        "typescript": tree_sitter_typescript.language_typescript,
        "tsx": tree_sitter_typescript.language_tsx,
    }
    return Parser(Language(grammars[language]()))


def faults(language: str, code: str) -> list[Fault] | None:
    """What is wrong with a file; None = nobody here can tell."""
    check = _CHECKS.get(language)
    return list(check(code))[:_MOST_FAULTS] if check is not None else None


def _python(code: str) -> Iterator[Fault]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(code)
    except SyntaxError as error:
        yield Fault(error.lineno or 1, max(1, error.offset or 1), error.msg)
    except (ValueError, RecursionError, MemoryError) as error:
        yield Fault(1, 1, str(error) or type(error).__name__)


def _json(code: str) -> Iterator[Fault]:
    try:
        json.loads(code)
    except json.JSONDecodeError as error:
        yield Fault(error.lineno, error.colno, error.msg)
    except RecursionError:
        yield Fault(1, 1, "is nested too deeply")


def _tree(grammar: str, code: str, first_line: int = 0) -> Iterator[Fault]:
    root = _parser(grammar).parse(code.encode()).root_node
    pending = [root] if root.has_error else []
    while pending:
        node = pending.pop()
        if node.is_missing or node.is_error:
            yield Fault(node.start_point.row + 1 + first_line, node.start_point.column + 1, _words(node))
        else:
            pending += [child for child in reversed(node.children) if child.has_error]


def _words(node: Node) -> str:
    if node.is_missing:
        return f"{node.type!r} is missing"
    text = (node.text or b"").decode(errors="replace").strip().split("\n")[0]
    return f"did not expect {text[:40]!r}" if text else "is not well-formed"


def _page(code: str) -> Iterator[Fault]:
    yield from _tree("html", code)
    yield from _embedded(code)


def _embedded(code: str) -> Iterator[Fault]:
    """The scripts and styles inside a page or single-file component."""
    for match in _SCRIPT.finditer(code):
        attributes = match["attributes"].lower()
        if "src=" in attributes or ("type=" in attributes and not re.search(r"module|javascript", attributes)):
            continue
        grammar = "typescript" if re.search(r"""lang=["']?(ts|typescript)""", attributes) else "javascript"
        yield from _tree(grammar, match["code"], code.count("\n", 0, match.start("code")))
    for match in _STYLE.finditer(code):
        if "lang=" not in match["attributes"].lower():
            yield from _tree("css", match["code"], code.count("\n", 0, match.start("code")))


_CHECKS: dict[str, Callable[[str], Iterator[Fault]]] = {
    "css": functools.partial(_tree, "css"),
    "html": _page,
    "javascript": functools.partial(_tree, "javascript"),
    "json": _json,
    "jsx": functools.partial(_tree, "javascript"),
    "python": _python,
    "svelte": _embedded,
    "tsx": functools.partial(_tree, "tsx"),
    "typescript": functools.partial(_tree, "typescript"),
    "vue": _embedded,
}
