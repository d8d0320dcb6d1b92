"""XYZ grids: from the axes of a request to the requests of its cells.

The gateway asks for them to refuse what no cell could be made of, the diffusion service to make them.
"""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from atelier.v1.diffusion_pb2 import GridRequest, ImageToImageRequest, TextToImageRequest
from services.kit.contract import contract
from services.kit.failures import BadInput, FieldFault

MOST_CELLS = 100
_SEEDS = 2**32
_LONGEST = 8000
# By what a change of it costs, the dearest first: a model is loaded, another size or pace parts a batch, words are
# encoded anew; guidance and seed cost nothing.
_BY_COST = (
    "model",
    "width",
    "height",
    "steps",
    "sampler",
    "lora_weight",
    "prompt",
    "negative_prompt",
    "prompt_replace",
    "strength",
    "cfg_scale",
    "seed",
)
Value = str | int | float


@dataclass(frozen=True)
class Axis:
    """What is varied, and through which values."""

    field: str
    """The contract's word for it."""
    values: tuple[Value, ...]


@dataclass(frozen=True)
class Cell:
    """One picture of a grid."""

    index: int
    """Its place in reading order: along the first axis, then the second, then the third."""
    places: tuple[int, ...]
    """Which value of each axis."""
    request: TextToImageRequest | ImageToImageRequest
    """What gives it by itself."""


def axes_of(request: GridRequest) -> tuple[Axis, ...]:
    """The axes in the order of the request."""
    return tuple(Axis(axis["field"], tuple(axis["values"])) for axis in contract.to_json(request)["axes"])


def cells(request: GridRequest, drawn: int | None = None) -> tuple[Cell, ...]:
    """The cells in reading order; `drawn` stands in for seeds that are random, None leaves them so.

    Raises `BadInput` naming the axes' values at fault.
    """
    axes = axes_of(request)
    _check(request, axes)
    base = _base(request)
    kind = ImageToImageRequest if request.image else TextToImageRequest
    _check_values(kind, base, axes)
    # The first axis runs quickest.
    places = [tuple(reversed(place)) for place in itertools.product(*(range(len(a.values)) for a in reversed(axes)))]
    return tuple(Cell(k, place, _request(kind, base, axes, place, drawn)) for k, place in enumerate(places))


def by_cost(axes: Sequence[Axis], made: Sequence[Cell]) -> list[Cell]:
    """The cells in the order to make them in: what is dear to change changes least often."""
    order = sorted(range(len(axes)), key=lambda n: _BY_COST.index(axes[n].field))
    return sorted(made, key=lambda cell: [cell.places[n] for n in order])


def _check(request: GridRequest, axes: Sequence[Axis]) -> None:
    for number, axis in enumerate(axes):
        field = f"axes.{number}.field"
        if axis.field in (other.field for other in axes[:number]):
            raise BadInput.of(field, f"{axis.field} is varied by another axis already")
        if axis.field == "strength" and not request.image:
            raise BadInput.of(field, "strength is that of a picture to begin with; `image` names none")
        if axis.field == "lora_weight" and not request.loras:
            raise BadInput.of(field, "lora_weight is that of the first LoRA; `loras` names none")
    count = math.prod(len(axis.values) for axis in axes)
    if count > MOST_CELLS:
        raise BadInput.of("axes", f"make {count} cells; at most {MOST_CELLS} are made")


def _check_values(kind: Any, base: Mapping[str, Any], axes: Sequence[Axis]) -> None:
    """Each value by itself, so that what is said names it."""
    faults: list[FieldFault] = []
    prompts = [base["prompt"], *(str(value) for axis in axes if axis.field == "prompt" for value in axis.values)]
    for number, axis in enumerate(axes):
        for place, value in enumerate(axis.values):
            message = _fault(kind, base, axis, value)
            if axis.field == "prompt_replace" and place == 0 and not message:
                found = value and any(str(value) in prompt for prompt in prompts)
                message = "" if found else "no prompt holds these words, so there is nothing to replace"
            if message:
                faults.append(FieldFault(f"axes.{number}.values.{place}", message))
    if faults:
        raise BadInput("; ".join(f"{fault.field}: {fault.message}" for fault in faults), fields=tuple(faults))


def _fault(kind: Any, base: Mapping[str, Any], axis: Axis, value: Any) -> str:
    """What is wrong with one value; "" = nothing."""
    wanted = str if axis.field in ("prompt", "negative_prompt", "prompt_replace", "model", "sampler") else int | float
    if not isinstance(value, wanted) or isinstance(value, bool):
        return "should be a text" if wanted is str else "should be a number"
    # Put into a prompt many times over it could be of any length.
    if wanted is str and len(str(value)) > _LONGEST:
        return f"should have at most {_LONGEST} characters"
    try:
        contract.parse(kind, _varied(base, axis, value))
    except BadInput as error:
        return "; ".join(fault.message for fault in error.fields)
    return ""


def _request(
    kind: Any, base: Mapping[str, Any], axes: Sequence[Axis], places: Sequence[int], drawn: int | None
) -> TextToImageRequest | ImageToImageRequest:
    data = dict(base)
    at = 0
    # Words are replaced in the prompt that another axis gives.
    for axis, place in sorted(zip(axes, places, strict=True), key=lambda pair: pair[0].field == "prompt_replace"):
        data = _varied(data, axis, axis.values[place])
        at = place if axis.field == "seed" else at
    if drawn is not None and data["seed"] < 0:
        data["seed"] = (drawn + at) % _SEEDS
    try:
        return contract.parse(kind, data)  # pyright: ignore[reportReturnType]  # a message of that kind
    except BadInput as error:
        raise BadInput.of("axes", f"make a cell that cannot be made ({error.message})") from None


def _base(request: GridRequest) -> dict[str, Any]:
    """The settings of a single picture that no axis has changed yet."""
    data = contract.to_json(request)
    del data["axes"]
    if not request.image:
        for name in ("image", "strength", "fit"):
            del data[name]
    return data


def _varied(data: Mapping[str, Any], axis: Axis, value: Any) -> dict[str, Any]:
    match axis.field:
        case "prompt_replace":
            return _replaced(data, str(axis.values[0]), value)
        case "lora_weight":
            first, *others = data["loras"]
            return {**data, "loras": [{**first, "weight": value}, *others]}
        case "prompt" | "negative_prompt" if "preset" in data:
            preset = data["preset"]
            return {**data, axis.field: value, "preset": {**preset, axis.field: preset["asked"].get(value, value)}}
        case _:
            return {**data, axis.field: value}


def _replaced(data: Mapping[str, Any], words: str, value: str) -> dict[str, Any]:
    told = {**data, "prompt": data["prompt"].replace(words, value) if words else data["prompt"]}
    if "preset" in data and words:
        preset = data["preset"]
        told["preset"] = {**preset, "prompt": preset["prompt"].replace(words, value)}
    return told
