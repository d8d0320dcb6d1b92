"""What the API answers with. Requests to services are derived from the contract instead; see `routes/generate.py`."""

from datetime import datetime
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from services.kit.schema import WHOLE

T = TypeVar("T")
JobStatus = Literal["pending", "running", "paused", "completed", "failed", "cancelled"]

_ULID = "01K9ZC1Q5V8M3T7R2N4B6D0XYA"


class Page(BaseModel, Generic[T]):
    """Part of a list, newest first."""

    items: list[T]
    next_cursor: str | None = Field(description="Give it as `cursor` to get the next part; null at the end.")


class Listing(BaseModel, Generic[T]):
    """A whole list."""

    items: list[T]


class Asset(BaseModel):
    """Something made or uploaded, kept in object storage."""

    id: str = Field(examples=[_ULID])
    job_id: str | None = Field(description="The job that made it; null for uploads.")
    project_id: str | None
    kind: str = Field(description="`image`, `video`, `audio`, `text` or `file`.", examples=["image"])
    name: str = Field(description="File name of an upload.", examples=["apple.png"])
    content_type: str = Field(description="MIME type, found from the content.", examples=["image/png"])
    size: int = Field(description="Bytes.", ge=0, examples=[18234])
    sha256: str = Field(description="Hash of the content, hex.")
    width: int = Field(description="Pixels; 0 if it has none.", ge=0, examples=[256])
    height: int = Field(description="Pixels; 0 if it has none.", ge=0, examples=[256])
    duration_s: float = Field(description="How long it plays; 0 if it does not.", ge=0, examples=[0.0])
    index: int = Field(description="Place among its job's outputs, from 0.", ge=0)
    source: Literal["generated", "uploaded"]
    model: str = Field(description="The model that made it; empty if none did.", examples=["starter"])
    tags: list[str] = Field(examples=[["fruit"]])
    favourite: bool
    expires_at: datetime | None = Field(description="When a temporary one is deleted; null = it is kept.")
    provenance: dict[str, Any] = Field(description="Everything needed to make it again.")
    created_at: datetime
    content_url: str = Field(examples=[f"/api/assets/{_ULID}/content"])
    thumbnail_url: str | None = Field(
        description="Null if it has no picture.", examples=[f"/api/assets/{_ULID}/thumbnail"]
    )


class JobError(BaseModel):
    """Why a job failed."""

    code: str = Field(examples=["model_not_found"])
    message: str
    hint: str = ""


class Job(BaseModel):
    """A piece of long work."""

    id: str = Field(examples=[_ULID])
    kind: str = Field(description="`<service>.<method>`.", examples=["diffusion.text_to_image"])
    status: JobStatus
    progress: float = Field(ge=0, le=1)
    stage: str = Field(description="What it is busy with.", examples=["sampling"])
    message: str
    position: int | None = Field(description="Jobs ahead of it while it is pending, else null.")
    eta_s: float | None = Field(description="Seconds left, as far as can be told.")
    priority: int = Field(description="1 = before the owner's other jobs.")
    params: dict[str, Any] = Field(description="The request, with defaults filled in.")
    outputs: list[Asset]
    result: dict[str, Any] | None = Field(description="The method's result once completed.")
    error: JobError | None
    attempts: int = Field(description="How often a worker began with it.", ge=0)
    retry_of: str | None = Field(description="The job this one repeats.")
    project_id: str | None
    owner_id: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    trace_id: str = Field(description="Finds the job in logs and traces.")


class JobPatch(BaseModel):
    """What can be changed of a job that waits."""

    model_config = ConfigDict(extra="forbid", strict=True)

    priority: Annotated[Literal[0, 1], WHOLE] = Field(description="1 = before the owner's other jobs.", examples=[1])


class ServiceState(BaseModel):
    """A running process and what it is busy with."""

    name: str = Field(examples=["diffusion"])
    instance: str
    state: Literal["starting", "ready", "draining", "failed"]
    detail: str = Field(examples=["loading model starter"])
    since: datetime


class Health(BaseModel):
    """The gateway answers."""

    status: Literal["ok"] = "ok"
    app: Literal["Atelier"] = "Atelier"
    version: str = Field(examples=["0.1.0"])


class Check(BaseModel):
    """One thing the gateway needs."""

    ok: bool
    detail: str = Field(default="", description="What is wrong, if something is.")
    latency_ms: float | None = None


class Readiness(BaseModel):
    """Whether the gateway can do its work, and what is missing."""

    status: Literal["ready", "unready"]
    checks: dict[str, Check] = Field(description="`bus`, `catalog` and `objects`.")


class GenerationModel(BaseModel):
    """A model that can be named in requests."""

    name: str
    status: str = Field(description="`available`, `loading`, `loaded` or `failed`.")
    native_size: int = Field(description="Width and height it was trained for, in pixels; 0 = not known yet.")
    hash: str = Field(description="SHA-256 over its weights; empty until loaded.")
    source: str
    device: str
    error: str


class Choice(BaseModel):
    """One of the words that a field may hold."""

    name: str = Field(examples=["dpmpp_2m"])
    label: str = Field(examples=["DPM-Solver++ 2M"])


class SizeOption(BaseModel):
    """A size worth offering."""

    label: str = Field(examples=["Square"])
    width: int
    height: int


class ShapeOption(SizeOption):
    """A shape of videos, with the size they have if nothing else is asked for."""

    name: str = Field(description="What to ask for.", examples=["16:9"])


class FieldLimits(BaseModel):
    """What a field of a request may hold."""

    type: str = Field(description="JSON Schema's word for it: `string`, `integer`, `number`, `boolean`, `array` …")
    required: bool
    minimum: float | None = None
    maximum: float | None = None
    multiple_of: float | None = None
    max_length: int | None = None
    default: Any = None
    choices: list[Choice] | None = Field(None, description="The words it may hold; absent where it is no choice.")
    reference: str | None = Field(None, description="What it refers to: `image`, `video`, `model`, `upscaler` …")
    unit: str | None = None
    description: str | None = None
    max_items: int | None = Field(None, description="How many an array may hold.")
    fields: "dict[str, FieldLimits] | None" = Field(
        None, description="The fields of an object, or of each in an array."
    )


class Upscaler(BaseModel):
    """What makes pictures and videos larger."""

    name: str = Field(examples=["realesr-animevideov3"])
    description: str
    scales: list[int] = Field(description="Scales it has weights for; others are resampled from its next larger one.")
    default_scales: list[int] = Field(description="Scales at which it is the default for pictures.")
    status: str = Field(description="`available`, or `missing` while its weights are not there.")
    error: str = Field(description="Why it cannot be used, if it cannot.")


class GenerationMode(BaseModel):
    """A way to generate: `POST /api/generate/{name}`."""

    name: str = Field(examples=["text-to-image"])
    kind: str = Field(description="The kind of its jobs.", examples=["diffusion.text_to_image"])
    label: str
    fields: dict[str, FieldLimits]


class GenerationOptions(BaseModel):
    """What can be asked for, for forms."""

    available: bool = Field(description="False while no diffusion service answers; `models` is empty then.")
    models: list[GenerationModel]
    samplers: list[Choice]
    loras: list[str] = Field(description="LoRAs by name.", examples=[["sepia"]])
    wildcards: list[str] = Field(description="Lists by name, for `__name__` in prompts.", examples=[["colour"]])
    sizes: list[SizeOption]
    shapes: list[ShapeOption] = Field(description="Shapes of videos, by `aspect_ratio`.")
    formats: list[str]
    limits: dict[str, FieldLimits] = Field(description="The fields of `text-to-image`.")
    modes: list[GenerationMode]
    upscalers: list[Upscaler] = Field(description="The default for videos first.")
    face_restoration: bool = Field(description="True if `face_restore` can be asked for.")
