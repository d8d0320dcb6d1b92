"""What the API takes and gives about style presets."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from gateway import templates
from services.kit.schema import WHOLE

PresetKind = Literal["image", "video"]
FORMAT = "atelier-presets"
MOST = 1000

_PROMPT = "prompt"
_MOST_GAPS = 32


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be blank")
    return text.strip()


def _has_room(text: str) -> str:
    gaps = templates.gaps(text, templates.PRESET)
    if _PROMPT not in gaps:
        raise ValueError("must hold {prompt}, where the prompt goes")
    if len(gaps) > _MOST_GAPS:
        raise ValueError(f"must not have more than {_MOST_GAPS} gaps")
    return text.strip()


class CameraMove(BaseModel):
    """How the camera moves."""

    model_config = ConfigDict(extra="forbid", strict=True)

    move: str = Field(pattern=r"^[a-z_]{1,40}$", description="As the video modes name it.", examples=["zoom_in"])
    intensity: float | None = Field(None, ge=0, le=1, allow_inf_nan=False, description="How far.")


class PresetSettings(BaseModel):
    """What a preset sets of a request; null = it leaves that to the request. What a mode does not have it ignores."""

    model_config = ConfigDict(extra="forbid", strict=True)

    steps: Annotated[int, Field(ge=1, le=150), WHOLE] | None = Field(None, description="Sampling steps.")
    cfg_scale: float | None = Field(None, ge=0, le=30, allow_inf_nan=False, description="Guidance.", examples=[7.0])
    sampler: str | None = Field(None, pattern=r"^[a-z0-9_]{1,40}$", description="By name.", examples=["dpmpp_2m"])
    width: Annotated[int, Field(ge=64, le=4096, multiple_of=8), WHOLE] | None = Field(
        None, description="Pixels; null = what the model was trained for."
    )
    height: Annotated[int, Field(ge=64, le=4096, multiple_of=8), WHOLE] | None = Field(None, description="Pixels.")
    aspect_ratio: str | None = Field(
        None,
        pattern=r"^(1:1|4:3|3:4|3:2|2:3|16:9|9:16|21:9)$",
        description="Shape without a size: a picture gets about as many pixels as its model was trained for.",
        examples=["2:3"],
    )
    duration_s: float | None = Field(None, ge=3, le=30, allow_inf_nan=False, description="Of a video, seconds.")
    fps: Annotated[int, Field(ge=4, le=60), WHOLE] | None = Field(None, description="Frames a second of a video.")
    camera: CameraMove | None = Field(None, description="Of a video.")
    motion_intensity: float | None = Field(None, ge=0, le=1, allow_inf_nan=False, description="Of a video.")


_Name = Annotated[str, Field(min_length=1, max_length=100, examples=["Rainy street"]), AfterValidator(_not_blank)]
_Description = Annotated[str, Field(max_length=500, description="What it is good for.")]
_Kind = Annotated[PresetKind, Field(description="What it makes.")]
_Category = Annotated[
    str,
    Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$", description="The kind of style, a word of yours.", examples=["photo"]),
]
_Template = Annotated[
    str,
    Field(
        min_length=8,
        max_length=4000,
        description="`{prompt}` is where the prompt goes; `{name}` is a gap of its own, `{name|words}` one that holds "
        "words unless it is filled.",
        examples=["photograph of {prompt}, {light|neon light}, wet asphalt"],
    ),
    AfterValidator(_has_room),
]
_Negative = Annotated[str, Field(max_length=4000, description="Joined to the request's own.", examples=["blurry"])]
_Settings = Annotated[PresetSettings, Field(examples=[{"steps": 30, "cfg_scale": 6.5}])]


class PresetCreate(BaseModel):
    """A new preset."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: _Name
    description: _Description = ""
    kind: _Kind = "image"
    category: _Category = "other"
    template: _Template
    negative_prompt: _Negative = ""
    settings: _Settings = Field(default_factory=lambda: PresetSettings.model_validate({}))


class PresetPatch(BaseModel):
    """What to change of a preset; fields that are not given stay."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: _Name | None = None
    description: _Description | None = None
    kind: _Kind | None = None
    category: _Category | None = None
    template: _Template | None = None
    negative_prompt: _Negative | None = None
    settings: _Settings | None = None


class Gap(BaseModel):
    """A gap of a preset's template besides the prompt."""

    name: str = Field(examples=["light"])
    default: str | None = Field(description="What stands there unless it is filled; null = it must be filled.")


class Preset(BaseModel):
    """Words around a prompt, and settings that go with them."""

    id: str = Field(description="A ULID, or a word for a built-in one.", examples=["cinematic-portrait"])
    name: str
    description: str
    kind: PresetKind
    category: str
    template: str
    variables: list[Gap] = Field(description="The gaps of the template besides `{prompt}`, in order.")
    negative_prompt: str
    settings: PresetSettings
    built_in: bool = Field(description="Comes with Atelier: it can be duplicated, not changed.")
    created_at: datetime | None = Field(description="Null for built-in ones.")
    updated_at: datetime | None


Variables = Annotated[
    dict[Annotated[str, Field(max_length=40)], Annotated[str, Field(max_length=1000)]], Field(max_length=_MOST_GAPS)
]


class PresetApply(BaseModel):
    """A prompt to put into a preset."""

    model_config = ConfigDict(extra="forbid", strict=True)

    prompt: str = Field(min_length=1, max_length=8000, examples=["a lighthouse"])
    negative_prompt: str = Field("", max_length=8000)
    variables: Variables = Field(default_factory=dict[str, str], examples=[{}])


class PresetApplied(BaseModel):
    """What a preset makes of a prompt."""

    preset: str = Field(description="Its id.")
    name: str
    prompt: str
    negative_prompt: str
    settings: dict[str, Any] = Field(description="What it sets; what it leaves to the request is not there.")


class PresetFile(BaseModel):
    """Presets to keep elsewhere, and to bring back."""

    model_config = ConfigDict(extra="forbid", strict=True)

    format: Literal["atelier-presets"] = Field(examples=[FORMAT])
    version: Annotated[Literal[1], WHOLE] = Field(examples=[1])
    presets: list[PresetCreate] = Field(max_length=MOST)
