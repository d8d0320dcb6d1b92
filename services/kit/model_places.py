"""Where a model can come from, as people write it."""

import re
from dataclasses import dataclass

from services.kit.failures import BadInput

_HUB = re.compile(r"^(?:hf://)?([\w.-]+/[\w.-]+)(?:@([\w./-]+?))?(?:/(\S+\.safetensors))?$")
_PACKAGE = re.compile(r"^pypi://([A-Za-z0-9][\w.-]*)==([\w.!+-]+)/(\S.*)$")
_BUCKET = re.compile(r"^s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/(\S.*)$")
_EXAMPLES = "hf://org/name, pypi://name==version/path, s3://bucket/key, https://… or /a/folder"


@dataclass(frozen=True)
class Hub:
    """A repository of the model hub, or one file of it."""

    repository: str
    revision: str
    """"" = the newest."""
    path: str
    """"" = what a model needs of the whole repository."""


@dataclass(frozen=True)
class Package:
    """A file or folder inside a wheel of the package registry."""

    name: str
    version: str
    path: str


@dataclass(frozen=True)
class Bucket:
    """An object, or all objects under a folder, of an S3 bucket."""

    bucket: str
    key: str


@dataclass(frozen=True)
class Address:
    """A file at a URL."""

    url: str


@dataclass(frozen=True)
class Folder:
    """A folder or file of the machine."""

    path: str


Place = Hub | Package | Bucket | Address | Folder


def parse(source: str) -> Place:
    """The place a source names; raises `BadInput` for the field `source`."""
    if source.startswith("file://"):
        return Folder(source.removeprefix("file://"))
    if source.startswith(("/", "~/", "./")):
        return Folder(source)
    if source.startswith(("https://", "http://")):
        return Address(source)
    if found := _BUCKET.match(source):
        return Bucket(found[1], found[2])
    if found := _PACKAGE.match(source):
        return Package(found[1], found[2], found[3])
    if found := _HUB.match(source):
        return Hub(found[1], found[2] or "", found[3] or "")
    raise BadInput.of("source", f"{source!r} names no place a model could come from", hint=f"Such as {_EXAMPLES}.")
