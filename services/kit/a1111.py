"""The text in which AUTOMATIC1111's web UI keeps settings with a picture, and with it Forge, Civitai and many others:

    a prompt, of one line or several
    Negative prompt: what is not wanted, likewise
    Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 42, Size: 512x512, Model: "a, name", Hashes: {"model": "…"}

A value that holds a comma, a colon or a line break stands in quotes, as a JSON string. Civitai writes JSON without
them.
"""

import json
import re
from dataclasses import dataclass
from typing import Any

NEGATIVE = "Negative prompt:"
# A1111 takes a last line with fewer for a part of the prompt.
_FEWEST = 3
_MOST_CHARACTERS = 256 * 1024
_KEY = re.compile(r"\w[\w \-/]+")
_LONGEST_KEY = 100
_DECODER = json.JSONDecoder()


@dataclass(frozen=True)
class Parameters:
    """What such a text says."""

    prompt: str
    negative_prompt: str
    values: dict[str, str]
    """By the names that stand in the text."""


def quoted(value: object) -> str:
    """A value as it stands in the text."""
    text = str(value)
    return json.dumps(text, ensure_ascii=False) if not text or any(sign in text for sign in ',:\n"') else text


def parse(text: str) -> Parameters:
    """Read a text; one of no known form is all prompt. It takes time in proportion to the text."""
    lines = text[:_MOST_CHARACTERS].strip().split("\n")
    values = pairs(lines[-1])
    if len(values) >= _FEWEST:
        lines = lines[:-1]
    else:
        # Some tools add lines of their own after the settings.
        place = next((n for n in range(len(lines) - 1, -1, -1) if lines[n].lstrip().startswith("Steps:")), None)
        found = pairs(lines[place]) if place is not None else {}
        values = found if len(found) >= _FEWEST else {}
        lines = lines[:place] if values else lines
    told: tuple[list[str], list[str]] = [], []
    negative = False
    for line in map(str.strip, lines):
        if line.startswith(NEGATIVE):
            negative = True
            line = line.removeprefix(NEGATIVE).strip()
        told[negative].append(line)
    return Parameters("\n".join(told[0]).strip(), "\n".join(told[1]).strip(), values)


def pairs(line: str) -> dict[str, str]:
    """The settings of a line, `Key: value, Key: value`; what is no such pair is passed over."""
    found = dict[str, str]()
    at = 0
    while (colon := line.find(":", at)) >= 0:
        # A key begins after the last comma: what stands before that belongs to nothing.
        key = line[max(at, line.rfind(",", at, colon) + 1) : colon].strip()
        value, at = _value(line, colon + 1)
        if len(key) <= _LONGEST_KEY and _KEY.fullmatch(key):
            found[key] = value
    return found


def _value(line: str, at: int) -> tuple[str, int]:
    """A value and where the next key begins."""
    while at < len(line) and line[at] in " \t":
        at += 1
    if line[at : at + 1] in ('"', "{", "["):
        try:
            value, end = _DECODER.raw_decode(line, at)
        except (ValueError, RecursionError):
            # No JSON after all.
            pass
        else:
            comma = line.find(",", end)
            after = len(line) if comma < 0 else comma
            if not line[end:after].strip():
                return value if isinstance(value, str) else line[at:end], after + 1
    comma = line.find(",", at)
    end = len(line) if comma < 0 else comma
    return line[at:end].strip(), end + 1


# Names of A1111 and Forge for the contract's samplers, the schedule apart where they name it apart.
_SAMPLERS = {
    "euler": "euler",
    "euler a": "euler_a",
    "ddim": "ddim",
    "dpm++ 2m": "dpmpp_2m",
    "dpm++ 2m karras": "dpmpp_2m_karras",
    "dpm++ 2m sde": "dpmpp_2m_sde",
    "heun": "heun",
    "lms": "lms",
    "plms": "pndm",
    "pndm": "pndm",
    "unipc": "unipc",
    "ddpm": "ddpm",
}
_PLAIN_SCHEDULES = ("", "automatic", "uniform", "normal", "simple")


@dataclass(frozen=True)
class Unread:
    """A setting that has no counterpart here."""

    name: str
    value: str
    reason: str


@dataclass(frozen=True)
class Settings:
    """Settings under the contract's names."""

    method: str
    """The method of the diffusion service that takes them."""
    values: dict[str, Any]
    unread: tuple[Unread, ...]


def settings(parameters: Parameters) -> Settings:
    """Parameters in the contract's words; what those do not know is said."""
    values: dict[str, Any] = {"prompt": parameters.prompt, "negative_prompt": parameters.negative_prompt}
    unread = list[Unread]()
    given = dict(parameters.values)
    schedule = given.pop("Schedule type", "")
    for name, value in given.items():
        try:
            values |= _setting(name, value, schedule)
        except ValueError as error:
            unread.append(Unread(name, value, str(error)))
    begun = "strength" in values and "Hires upscale" not in given
    if not begun:
        values.pop("strength", None)
    method = "inpaint" if begun and "mask_blur" in values else "image_to_image" if begun else "text_to_image"
    return Settings(method, values, tuple(unread))


def _setting(name: str, value: str, schedule: str) -> dict[str, Any]:
    """One setting in the contract's words; raises `ValueError` with the reason if it has none."""
    match name:
        case "Steps":
            return {"steps": _whole(value)}
        case "Seed":
            return {"seed": _whole(value)}
        case "CFG scale":
            return {"cfg_scale": _number(value)}
        case "Denoising strength":
            return {"strength": _number(value)}
        case "Mask blur":
            return {"mask_blur": _whole(value)}
        case "Size":
            width, _, height = value.partition("x")
            return {"width": _whole(width), "height": _whole(height)}
        case "Sampler":
            return {"sampler": _sampler(value, schedule)}
        case "Model":
            return {"model": value}
        case "Model hash":
            return {"model_hash": value}
        case _:
            raise ValueError("there is no such setting here")


def _sampler(value: str, schedule: str) -> str:
    wanted = value.strip().lower()
    if schedule.lower() not in _PLAIN_SCHEDULES:
        wanted = f"{wanted} {schedule.lower()}"
    if wanted not in _SAMPLERS:
        raise ValueError("there is no such sampler here")
    return _SAMPLERS[wanted]


def _whole(value: str) -> int:
    if not re.fullmatch(r"-?[0-9]{1,20}", value.strip()):
        raise ValueError("is no whole number")
    return int(value)


def _number(value: str) -> float:
    if not re.fullmatch(r"-?[0-9]{1,20}(\.[0-9]{1,20})?", value.strip()):
        raise ValueError("is no number")
    return float(value)
