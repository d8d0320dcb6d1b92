"""Passes the registries a machine's pip is set up with on to uv, which does not read pip's configuration."""

from __future__ import annotations

import ast
import os
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Registries:
    """Where packages come from, in uv's words: command-line options and environment."""

    options: tuple[str, ...]
    environment: Mapping[str, str]


def from_pip(listing: str, environ: Mapping[str, str] = os.environ) -> Registries:
    """Reads the output of `pip config list`, lines like `global.find-links='/opt/wheels'`.

    Several values of one option stand in one string, separated by white space. An option given by environment
    (`:env:.…`) wins over a file, as it does for pip. What the user has set for uv itself (UV_…) wins over both.
    """
    settings: dict[str, str] = {}
    for line in listing.splitlines():
        key, separator, value = line.partition("=")
        section, _, name = key.partition(".")
        if separator and (name not in settings or section == ":env:"):
            settings[name] = str(ast.literal_eval(value)) if value[:1] in "'\"" else value

    options: list[str] = []
    if "index-url" in settings and not environ.get("UV_DEFAULT_INDEX"):
        options += ["--default-index", settings["index-url"]]
    if "extra-index-url" in settings and not environ.get("UV_INDEX"):
        # pip takes the best match over all indexes; uv's own rule is to stop at the first that knows the name.
        options += ["--index-strategy", "unsafe-best-match"]
        for url in settings["extra-index-url"].split():
            options += ["--index", url]
    if not environ.get("UV_FIND_LINKS"):
        for place in settings.get("find-links", "").split():
            options += ["--find-links", place]
    if settings.get("no-index", "").lower() in {"1", "true", "yes", "on"}:
        options.append("--no-index")
    for host in settings.get("trusted-host", "").split():
        options += ["--allow-insecure-host", host]

    environment: dict[str, str] = {}
    if "cert" in settings and not environ.get("SSL_CERT_FILE"):
        environment["SSL_CERT_FILE"] = settings["cert"]
    return Registries(tuple(options), environment)
