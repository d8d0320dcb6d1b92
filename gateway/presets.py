"""Style presets: the built-in ones, an owner's, and what one makes of a request."""

import functools
import importlib.resources
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from google.protobuf.message import Message
from pydantic import TypeAdapter

from gateway import preset_schemas as schemas
from gateway import templates
from gateway.catalog import presets
from gateway.catalog.models import PresetRow
from gateway.generation_options import shape
from gateway.state import Parts
from services.kit.contract import Method, contract
from services.kit.failures import BadInput, FieldFault, NotFound

PROMPT = "prompt"


class _BuiltIn(schemas.PresetCreate):
    """A preset as it stands in `presets.json`."""

    id: str


@functools.cache
def built_in() -> dict[str, schemas.Preset]:
    """The presets that come with Atelier, by id, in the order of their file."""
    data = importlib.resources.files("gateway").joinpath("presets.json").read_bytes()
    return {
        one.id: _shown(one, id=one.id, built_in=True, created_at=None, updated_at=None)
        for one in TypeAdapter(list[_BuiltIn]).validate_python(orjson.loads(data))
    }


def view(row: PresetRow) -> schemas.Preset:
    """An owner's preset as the API shows it."""
    kept = schemas.PresetCreate.model_construct(
        name=row.name,
        description=row.description,
        kind=row.kind,  # pyright: ignore[reportArgumentType]  # the column holds nothing else
        category=row.category,
        template=row.template,
        negative_prompt=row.negative_prompt,
        settings=schemas.PresetSettings.model_validate(row.settings),
    )
    return _shown(kept, id=row.id, built_in=False, created_at=row.created_at, updated_at=row.updated_at)


def _shown(preset: schemas.PresetCreate, **known: Any) -> schemas.Preset:
    gaps = templates.gaps(preset.template, templates.PRESET)
    return schemas.Preset(
        **known,
        name=preset.name,
        description=preset.description,
        kind=preset.kind,
        category=preset.category,
        template=preset.template,
        variables=[schemas.Gap(name=name, default=words) for name, words in gaps.items() if name != PROMPT],
        negative_prompt=preset.negative_prompt,
        settings=preset.settings,
    )


async def of_owner(parts: Parts, owner_id: str) -> list[schemas.Preset]:
    """The built-in presets, then an owner's, oldest first."""
    async with parts.database.read() as session:
        rows = await presets.of_owner(session, owner_id)
    return [*built_in().values(), *map(view, rows)]


async def get(parts: Parts, owner_id: str, preset_id: str) -> schemas.Preset:
    """One of them; raises `NotFound`."""
    if preset_id in built_in():
        return built_in()[preset_id]
    async with parts.database.read() as session:
        row = await presets.get(session, owner_id, preset_id)
    if row is None:
        raise NotFound(f"There is no preset {preset_id}.")
    return view(row)


async def chosen(parts: Parts, owner_id: str, word: str) -> schemas.Preset:
    """A preset by its id or name; raises `NotFound` naming the field `preset`."""
    by_name = {preset.name: preset for preset in built_in().values()}
    found = built_in().get(word) or by_name.get(word)
    if found is not None:
        return found
    async with parts.database.read() as session:
        row = await presets.get(session, owner_id, word) or await presets.named(session, owner_id, word)
    if row is None:
        fault = FieldFault("preset", f"there is no preset {word}")
        raise NotFound(f"There is no preset {word}.", hint="Yours are at /api/presets/.", fields=(fault,))
    return view(row)


def prompt_of(preset: schemas.Preset, prompt: str, variables: Mapping[str, str], name: str) -> str:
    """A prompt with a preset's words around it; raises `BadInput` naming the members of the field `name` at fault."""
    if PROMPT in variables:
        raise BadInput.of(f"{name}.{PROMPT}", "is the prompt itself")
    return templates.fill(preset.template, {**variables, PROMPT: prompt}, templates.PRESET, name)


def negative_of(preset: schemas.Preset, asked: str) -> str:
    """A negative prompt and a preset's, without saying anything twice."""
    said = {phrase.strip().casefold() for phrase in asked.split(",")}
    own = [phrase.strip() for phrase in preset.negative_prompt.split(",")]
    more = ", ".join(phrase for phrase in own if phrase and phrase.casefold() not in said)
    return ", ".join(text for text in (asked.strip().rstrip(","), more) if text)


@dataclass(frozen=True)
class Asked:
    """A request with the preset it was asked with."""

    message: Message
    words: Mapping[str, str] = field(default_factory=dict[str, str])
    """The sender's own in place of those that a preset made of them; this is what a job shows."""


def applied(
    preset: schemas.Preset,
    method: Method,
    values: Mapping[str, Any],
    variables: Mapping[str, str],
    native: int,
) -> Asked:
    """A request as a preset makes it: words around the prompt, and settings where the request, whose given fields are
    `values`, has none. `native` is the side of the square its model was trained for, 0 if that is not known.

    Raises `BadInput`.
    """
    asked, negative = str(values.get(PROMPT) or ""), str(values.get("negative_prompt") or "")
    used = {"id": preset.id, "name": preset.name, PROMPT: asked, "negative_prompt": negative, "variables": variables}
    words: dict[str, Any] = {PROMPT: asked, "negative_prompt": negative}
    axes: dict[str, Any] = {}
    if "axes" in values:
        words["axes"] = values["axes"]
        axes["axes"], used["asked"] = _axes(preset, values["axes"], variables)
    whole = {
        **_settings(preset.settings, method, values, native),
        **values,
        **axes,
        # A mode that can do without a prompt is not given words around nothing.
        PROMPT: prompt_of(preset, asked, variables, "preset_variables") if asked else "",
        "negative_prompt": negative_of(preset, negative),
        "preset": used,
    }
    try:
        message = contract.parse(method.request_type, whole)
    except BadInput as error:
        # What was given is valid by itself, so it is the two together that are not.
        told = "; ".join(f"{fault.field}: {fault.message}" for fault in error.fields)
        raise BadInput.of("preset", f"does not fit this request ({told})") from None
    return Asked(message, words)


def _axes(
    preset: schemas.Preset, axes: Iterable[Mapping[str, Any]], variables: Mapping[str, str]
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """A grid's axes with a preset's words around the prompts among their values; and the prompts without, by those
    with them."""
    asked: dict[str, str] = {}

    def worded(field: str, value: Any) -> Any:
        if not isinstance(value, str) or field not in (PROMPT, "negative_prompt"):
            return value
        whole = (
            prompt_of(preset, value, variables, "preset_variables") if field == PROMPT else negative_of(preset, value)
        )
        asked[whole] = value
        return whole

    found = [{**axis, "values": [worded(axis["field"], value) for value in axis["values"]]} for axis in axes]
    return found, asked


def _settings(
    settings: schemas.PresetSettings, method: Method, values: Mapping[str, Any], native: int
) -> dict[str, Any]:
    """Those of a preset's settings that a mode has."""
    known = contract.model(method.request_type).model_fields
    given = settings.model_dump(exclude_none=True)
    # A picture that is made of another has its shape.
    if native and settings.aspect_ratio and "aspect_ratio" not in known and not values.get("image"):
        given = {**shape(settings.aspect_ratio, native), **given}
    if "width" in values or "height" in values:
        given = {name: value for name, value in given.items() if name not in ("width", "height")}
    return {name: value for name, value in given.items() if name in known}


def wants_native_size(preset: schemas.Preset) -> bool:
    """True if what a preset asks for depends on the model."""
    return preset.settings.aspect_ratio is not None


def free_name(name: str, taken: Iterable[str]) -> str:
    """A name like this one that is not taken: `Fog`, `Fog (2)`, `Fog (3)` …"""
    names = set(taken)
    if name not in names:
        return name
    number = 2
    while (other := f"{name[:90]} ({number})") in names:
        number += 1
    return other
