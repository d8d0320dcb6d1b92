"""What can be asked for: frameworks, targets, and how a file of each is named. Adding one is adding a row."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_LANGUAGES = {
    "css": "css",
    "html": "html",
    "js": "javascript",
    "json": "json",
    "jsx": "jsx",
    "md": "markdown",
    "mjs": "javascript",
    "py": "python",
    "sh": "shell",
    "svelte": "svelte",
    "toml": "toml",
    "ts": "typescript",
    "tsx": "tsx",
    "vue": "vue",
    "yaml": "yaml",
    "yml": "yaml",
}
_FAMILIES = (
    frozenset({"javascript", "jsx", "typescript", "tsx"}),
    frozenset({"html", "vue"}),
    frozenset({"html", "svelte"}),
)
# What models call them besides their extension.
_ALIASES = {"bash": "sh", "javascript": "js", "markdown": "md", "python3": "py", "python": "py", "typescript": "ts"}


@dataclass(frozen=True)
class Framework:
    """What to write with: how models know it, the first file of each target, and what goes without saying."""

    label: str
    entries: Mapping[str, str]
    """Target → path of its first file; `{Name}` is the project's name as a class, `{name}` as a module, `{file}` as a
    file."""
    conventions: str


TARGETS = {
    "component": "a reusable component",
    "page": "a complete page",
    "api": "an HTTP API",
    "script": "a script that runs by itself",
    "library": "a small library with its public functions",
}
FRAMEWORKS = {
    "react": Framework(
        "React with TypeScript",
        {"component": "src/{Name}.tsx", "page": "src/pages/{Name}Page.tsx"},
        "Function components with typed props, hooks, no class components. Export the component as default.",
    ),
    "vue": Framework(
        "Vue 3",
        {"component": "src/components/{Name}.vue", "page": "src/views/{Name}View.vue"},
        'Single-file components with <script setup lang="ts"> and scoped style.',
    ),
    "svelte": Framework(
        "Svelte 5",
        {"component": "src/lib/{Name}.svelte", "page": "src/routes/+page.svelte"},
        'Runes ($state, $props, $derived) in <script lang="ts">.',
    ),
    "html": Framework(
        "HTML, CSS and JavaScript",
        {"component": "{file}.html", "page": "index.html"},
        "Semantic HTML5 that works by itself in a browser, without a build and without other libraries.",
    ),
    "fastapi": Framework(
        "FastAPI",
        {"api": "main.py"},
        "Pydantic models for bodies and answers, typed parameters, HTTPException for errors, `app = FastAPI()`.",
    ),
    "flask": Framework(
        "Flask",
        {"api": "app.py", "page": "app.py"},
        "`app = Flask(__name__)`, routes as functions, templates inline or under templates/.",
    ),
    "python": Framework(
        "Python 3",
        {"script": "main.py", "library": "{name}/__init__.py", "api": "main.py"},
        'Standard library only, type hints, docstrings, `if __name__ == "__main__":` in scripts.',
    ),
    "typescript": Framework(
        "TypeScript",
        {"script": "src/main.ts", "library": "src/index.ts"},
        "Strict types, ES modules, exported functions documented with TSDoc.",
    ),
    "node": Framework(
        "Node.js",
        {"api": "src/server.js", "script": "src/index.js", "library": "src/index.js"},
        "ES modules, Node's own modules (node:http and the like), async/await.",
    ),
}


def entry(framework: str, target: str, project: str) -> str:
    """Path of the first file of a project. Raises KeyError for what a framework is not for."""
    words = re.findall(r"[A-Za-z0-9]+", project) or ["app"]
    lower = [word.lower() for word in words]
    module = "_".join(lower)
    return (
        FRAMEWORKS[framework]
        .entries[target]
        .format(
            Name="".join(word[:1].upper() + word[1:] for word in words)
            if not words[0][0].isdigit()
            else f"App{words[0]}",
            name=module if not module[0].isdigit() else f"app_{module}",
            file="-".join(lower),
        )
    )


def language_of(path: str) -> str:
    """What a file is written in, by its name; "text" if it does not say."""
    return _LANGUAGES.get(path.rpartition(".")[2].lower(), "text") if "." in path else "text"


def alike(one: str, other: str) -> bool:
    """Whether models call two files' languages by one name, more or less."""
    languages = {language_of(one), language_of(other)}
    return len(languages) == 1 or any(languages <= family for family in _FAMILIES)


def extension_of(word: str) -> str:
    """The file extension of a language as models write it after a fence; "" = unknown."""
    word = word.lower()
    word = _ALIASES.get(word, word)
    return word if word in _LANGUAGES else ""
