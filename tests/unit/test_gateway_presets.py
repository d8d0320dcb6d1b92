"""Style presets without servers: what they make of a request."""

from __future__ import annotations

from typing import Any

import pytest

from atelier.v1 import diffusion_pb2
from gateway import preset_schemas as schemas
from gateway import presets
from services.kit.contract import contract
from services.kit.failures import BadInput
from services.kit.schema import enum_words

TEXT_TO_IMAGE = contract.methods["diffusion.text_to_image"]
IMAGE_TO_IMAGE = contract.methods["diffusion.image_to_image"]


def preset(**changes: Any) -> schemas.Preset:
    known: dict[str, Any] = {"name": "Fog", "template": "{prompt} in fog", "negative_prompt": "sun, blurry"}
    made = schemas.PresetCreate(**{**known, **changes})
    return presets._shown(made, id="fog", built_in=False, created_at=None, updated_at=None)


def message(asked: presets.Asked) -> Any:
    return asked.message


def test_eight_presets_come_along_and_fit_every_mode_with_a_prompt() -> None:
    known = presets.built_in()
    assert [one.name for one in known.values()] == [
        "Cinematic Portrait",
        "Anime Style",
        "Photorealistic",
        "Concept Art",
        "Oil Painting",
        "Cinematic Video",
        "Vlog Style",
        "Time Lapse",
    ]
    samplers = enum_words(diffusion_pb2.Sampler.DESCRIPTOR)
    for one in known.values():
        assert one.kind == ("video" if one.id in ("cinematic-video", "vlog-style", "time-lapse") else "image")
        assert one.negative_prompt and one.category and one.settings.steps and one.settings.cfg_scale
        assert one.settings.sampler is None or one.settings.sampler in samplers
        # A size in pixels would fit one model only.
        assert one.settings.width is None and one.settings.height is None
        assert all(gap.default is not None for gap in one.variables)
        for method in contract.of_service("diffusion"):
            fields = contract.model(method.request_type).model_fields
            if method.is_job and "prompt" in fields:
                axes = [{"field": "steps", "values": [1, 2]}]
                given = {"image": "x", "mask": "y", "prompt": "a fox", "axes": axes}
                values = {name: value for name, value in given.items() if name in fields}
                asked = presets.applied(one, method, values, {}, 64)
                assert "a fox" in message(asked).prompt and asked.words["prompt"] == "a fox"


def test_limits_are_those_of_the_contract() -> None:
    ours = schemas.PresetSettings.model_json_schema()["properties"]
    theirs = contract.model(diffusion_pb2.TextToImageRequest).model_json_schema()["properties"]
    videos = contract.model(diffusion_pb2.TextToVideoRequest).model_json_schema()["properties"]
    theirs |= {name: videos[name] for name in ("duration_s", "fps", "aspect_ratio", "motion_intensity")}
    for name in ("steps", "cfg_scale", "width", "height", "duration_s", "fps", "aspect_ratio", "motion_intensity"):
        (mine,) = (one for one in ours[name]["anyOf"] if one != {"type": "null"})
        contracts = next((one for one in theirs[name].get("anyOf", []) if one != {"type": "null"}), theirs[name])
        for limit in ("minimum", "maximum", "multipleOf", "pattern"):
            assert mine.get(limit) == contracts.get(limit), (name, limit)


def test_words_go_around_the_prompt_and_settings_where_there_are_none() -> None:
    one = preset(settings={"steps": 30, "cfg_scale": 6.5, "sampler": "euler"})
    asked = presets.applied(
        one, TEXT_TO_IMAGE, {"prompt": "a {red} fox", "negative_prompt": "Blurry", "steps": 5}, {}, 0
    )
    made = message(asked)
    assert made.prompt == "a {red} fox in fog" and made.negative_prompt == "Blurry, sun"
    assert (made.steps, made.cfg_scale, made.sampler) == (5, 6.5, diffusion_pb2.SAMPLER_EULER)
    assert asked.words == {"prompt": "a {red} fox", "negative_prompt": "Blurry"}
    assert contract.to_json(made)["preset"] == {
        "id": "fog",
        "name": "Fog",
        "prompt": "a {red} fox",
        "negative_prompt": "Blurry",
        "variables": {},
        "asked": {},
    }


def test_gaps_are_filled_or_hold_their_words_or_are_named() -> None:
    one = preset(template="{prompt}, {light|neon}, {place}")
    assert [(gap.name, gap.default) for gap in one.variables] == [("light", "neon"), ("place", None)]
    filled = presets.applied(one, TEXT_TO_IMAGE, {"prompt": "a fox"}, {"place": "Rome"}, 0)
    assert message(filled).prompt == "a fox, neon, Rome"
    for variables, fields in (
        ({}, ["preset_variables.place"]),
        ({"place": "x", "colour": "y"}, ["preset_variables.colour"]),
        ({"place": "x", "prompt": "y"}, ["preset_variables.prompt"]),
    ):
        with pytest.raises(BadInput) as refused:
            presets.applied(one, TEXT_TO_IMAGE, {"prompt": "a fox"}, variables, 0)
        assert [fault.field for fault in refused.value.fields] == fields


def test_a_shape_becomes_a_size_of_the_model() -> None:
    one = preset(settings={"aspect_ratio": "16:9"})

    def size(values: dict[str, Any], native: int, method: Any = TEXT_TO_IMAGE) -> tuple[int, int]:
        made = message(presets.applied(one, method, {"prompt": "a fox", **values}, {}, native))
        return made.width, made.height

    assert size({}, 512) == (680, 384)
    assert size({}, 0) == (0, 0)
    assert size({"width": 256, "height": 256}, 512) == (256, 256)
    assert size({"width": 256}, 512) == (256, 0)
    # A picture that is made of another has its shape.
    assert size({"image": "x"}, 512, IMAGE_TO_IMAGE) == (0, 0)


def test_what_does_not_fit_together_names_the_preset() -> None:
    with pytest.raises(BadInput) as refused:
        presets.applied(preset(), TEXT_TO_IMAGE, {"prompt": "x" * 7999}, {}, 0)
    assert [fault.field for fault in refused.value.fields] == ["preset"]
    with pytest.raises(BadInput, match="preset"):
        presets.applied(preset(settings={"sampler": "brownian"}), TEXT_TO_IMAGE, {"prompt": "a fox"}, {}, 0)


@pytest.mark.parametrize(
    "template", ["no gap at all", "{{prompt", "{promp} only", "{prompt} " + " ".join(f"{{g{i}}}" for i in range(40))]
)
def test_a_template_must_have_room_for_the_prompt(template: str) -> None:
    with pytest.raises(ValueError, match=r"prompt|gaps"):
        preset(template=template)


def test_names_that_are_taken_get_a_number() -> None:
    assert presets.free_name("Fog", ["Rain"]) == "Fog"
    assert presets.free_name("Fog", ["Fog", "Fog (2)"]) == "Fog (3)"
    assert len(presets.free_name("F" * 100, ["F" * 100])) <= 100
