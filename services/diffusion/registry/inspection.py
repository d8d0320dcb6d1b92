"""What a model is, read out of its files without loading it: kind, family, rank, trigger words, hash."""

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from services.diffusion import weights
from services.diffusion.registry import header
from services.diffusion.registry.family import Kin, of_context, recognised
from services.diffusion.registry.faults import Refused
from services.diffusion.registry.header import Header

INDEX = "model_index.json"
SUFFIX = ".safetensors"
# Beside the weights, a model folder holds what configures it.
TEXTS = (".json", ".txt", ".model", ".md", ".jinja")
_PICKLES = (".ckpt", ".pt", ".pth", ".bin", ".pkl", ".pickle")
_SAFETY = "Pickled weights can run any code when they are read, so only safetensors files are taken."
_HASH_CHUNK = 4 * 1024**2
_MOST_TEXT = 64 * 1024**2
_MOST_WORDS = 24
_LONGEST_WORD = 200
# Tags on fewer of the training pictures than this part of the most frequent one's describe single pictures.
_COMMON = 0.5

_OF_PIPELINE = {
    "StableDiffusionXL": "sdxl", "StableDiffusion3": "sd3", "StableVideoDiffusion": "svd", "Flux": "flux",
    "Wan": "wan", "LTX": "ltx", "AnimateDiff": "sd1", "CogVideoX": "cogvideox", "HunyuanVideo": "hunyuan-video",
    "PixArt": "pixart", "Kandinsky": "kandinsky", "Sana": "sana",
}  # fmt: skip
_OF_ARCHITECTURE = (
    ("stable-diffusion-xl", "sdxl"), ("sdxl", "sdxl"), ("stable-diffusion-v1", "sd1"), ("sd_v1", "sd1"),
    ("stable-diffusion-v2", "sd2"), ("sd_v2", "sd2"), ("stable-diffusion-v3", "sd3"), ("sd3", "sd3"), ("flux", "flux"),
)  # fmt: skip
_OF_CONFIG = {
    "MotionAdapter": "motion_adapter", "AutoencoderKL": "vae", "AutoencoderTiny": "vae",
    "UNet2DConditionModel": "base", "FluxTransformer2DModel": "base",
}  # fmt: skip

Pace = Callable[[int], None]
"""Told how many more bytes were read; may raise to stop."""


@dataclass(frozen=True)
class File:
    """A file of a model."""

    path: str
    """Inside the model, with slashes."""
    size: int
    sha256: str


@dataclass(frozen=True)
class Inspection:
    """What a model is."""

    kind: str
    family: str
    files: tuple[File, ...]
    sha256: str
    """Names its whole content: of one file that file's SHA-256, of a folder that of its list of files."""
    hash: str
    """What pictures made with it report: SHA-256 over its weights, hex."""
    size: int
    """Bytes."""
    rank: int = 0
    alpha: float | None = None
    trigger_words: tuple[str, ...] = ()
    title: str = ""
    base_model: str = ""
    """What its file says it is made for or of."""


def inspect(folder: Path, pace: Pace) -> Inspection:
    """Look at the model in a folder: a diffusers or transformers folder, or a single safetensors file. Every file of it
    is hashed. Raises `Refused`."""
    everything = sorted(path for path in folder.rglob("*") if path.is_file())
    paths = [path for path in everything if path.suffix in (SUFFIX, *TEXTS)]
    shards = [path for path in paths if path.suffix == SUFFIX]
    # What is neither weights nor configuration is left behind, unless there is nothing else.
    for path in paths if shards else everything:
        refuse_foreign(path, path.relative_to(folder).as_posix())
    if not shards:
        raise Refused("there are no safetensors weights in it")
    headers = [_header(path, folder) for path in shards]
    files = tuple(_file(path, folder, pace) for path in paths)
    single = len(shards) == 1 and not any((folder / name).is_file() for name in (INDEX, "config.json"))
    kin, base_model = _of_folder(folder, headers) if not single else (recognised(headers[0].shapes), "")
    metadata = headers[0].metadata if single else dict[str, str]()
    family = kin.family if kin.family != "unknown" else _declared_family(metadata)
    return Inspection(
        kind=kin.kind,
        family=family,
        files=files,
        sha256=files[0].sha256 if len(files) == 1 else content_hash(files),
        hash=_weights_hash(folder, files),
        size=sum(file.size for file in files),
        rank=kin.rank,
        alpha=_number(metadata.get("ss_network_alpha")) if kin.kind == "lora" else None,
        trigger_words=_trigger_words(metadata),
        title=metadata.get("modelspec.title") or metadata.get("ss_output_name") or "",
        base_model=base_model or metadata.get("ss_sd_model_name") or metadata.get("modelspec.architecture") or "",
    )


def _weights_hash(folder: Path, files: Sequence[File]) -> str:
    shards = [file for file in files if file.path.endswith(SUFFIX)]
    if len(shards) == 1:
        return shards[0].sha256
    if (folder / INDEX).is_file():
        return weights.fingerprint(folder, known={file.path: file.sha256 for file in files})
    return content_hash(shards)


def content_hash(files: Sequence[File]) -> str:
    """SHA-256 (hex) over a folder's paths and their hashes."""
    listed = "".join(f"{file.path}\0{file.sha256}\n" for file in sorted(files, key=lambda file: file.path))
    return hashlib.sha256(listed.encode()).hexdigest()


def refuse_foreign(path: Path, name: str) -> None:
    """Raise `Refused` for what must not be in a model, whatever its name says."""
    with path.open("rb") as file:
        begin = file.read(64)
    pickled = re.match(rb"\x80[\x02-\x05]", begin) is not None
    if path.suffix.lower() in _PICKLES or pickled:
        raise Refused(f"{name} is a pickle. {_SAFETY}")
    if begin.startswith(b"PK\x03\x04"):
        raise Refused(f"{name} is a zip archive, as PyTorch's pickles are. {_SAFETY}")
    if path.suffix in TEXTS and path.stat().st_size > _MOST_TEXT:
        raise Refused(f"{name} is larger than any configuration is")


def _header(path: Path, folder: Path) -> Header:
    try:
        return header.read(path)
    except Refused as refusal:
        raise Refused(f"{path.relative_to(folder).as_posix()} {refusal}") from None


def _file(path: Path, folder: Path, pace: Pace) -> File:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while piece := stream.read(_HASH_CHUNK):
            digest.update(piece)
            pace(len(piece))
    return File(path.relative_to(folder).as_posix(), path.stat().st_size, digest.hexdigest())


def _of_folder(folder: Path, headers: Sequence[Header]) -> tuple[Kin, str]:
    index = _json(folder / INDEX)
    if index is not None:
        name = str(index.get("_class_name", ""))
        return Kin("base", _family_of_pipeline(name, folder)), name
    config = _json(folder / "config.json") or {}
    class_name = str(config.get("_class_name", ""))
    architectures = config.get("architectures")
    shapes = {name: shape for one in headers for name, shape in one.shapes.items()}
    kin = recognised(shapes)
    if isinstance(architectures, list) and architectures:
        return Kin("text", "transformers"), str(cast(list[object], architectures)[0])
    return Kin(_OF_CONFIG.get(class_name, kin.kind), kin.family, kin.rank), class_name


def _family_of_pipeline(name: str, folder: Path) -> str:
    for begin, family in _OF_PIPELINE.items():
        if name.startswith(begin):
            return family
    width = (_json(folder / "unet" / "config.json") or {}).get("cross_attention_dim")
    return of_context(width) if isinstance(width, int) else "unknown"


def _declared_family(metadata: Mapping[str, str]) -> str:
    said = f"{metadata.get('modelspec.architecture', '')} {metadata.get('ss_base_model_version', '')}".lower()
    return next((family for begin, family in _OF_ARCHITECTURE if begin in said), "unknown")


def _trigger_words(metadata: Mapping[str, str]) -> tuple[str, ...]:
    """The words that call up what a LoRA was trained on: those its author names, then the names of its folders of
    training pictures, then the tags most of these have."""
    words = [word.strip() for word in metadata.get("modelspec.trigger_phrase", "").split(",")]
    words += _tags(metadata.get("ss_tag_frequency", ""))
    unique = dict.fromkeys(word[:_LONGEST_WORD] for word in words if word and word.isprintable())
    return tuple(unique)[:_MOST_WORDS]


def _tags(text: str) -> list[str]:
    try:
        counted = json.loads(text or "{}")
        concepts = [re.sub(r"^\d+_", "", str(name)) for name in counted]
        totals: dict[str, int] = {}
        for tags in counted.values():
            for tag, count in tags.items():
                totals[str(tag).strip()] = totals.get(str(tag).strip(), 0) + int(count)
    except (ValueError, TypeError, AttributeError, RecursionError):
        # Written by whoever trained it; what cannot be read says nothing.
        return []
    most = max(totals.values(), default=0)
    common = sorted((tag for tag, count in totals.items() if count >= most * _COMMON), key=lambda tag: -totals[tag])
    # Without tags of its own a folder's name was the caption.
    return common or concepts


def _json(path: Path) -> dict[str, Any] | None:
    if not path.is_file():
        return None
    try:
        data = json.loads(path.read_text())
    except (ValueError, RecursionError) as error:
        raise Refused(f"{path.name} is no JSON: {error}") from None
    return cast(dict[str, Any], data) if isinstance(data, dict) else None


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None
