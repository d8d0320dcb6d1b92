"""What the API takes and gives about models of the registry."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

ModelKind = Literal["base", "lora", "vae", "upscaler", "motion_adapter", "text", "embedding"]
ModelStatus = Literal["downloading", "available", "loading", "loaded", "failed"]

_ULID = "01K9ZC1Q5V8M3T7R2N4B6D0XYA"
# A name stands in `<lora:name:0.8>` and after `#` in a URI.
_FORBIDDEN = set('<>:#,|/\\"')


def check_name(text: str) -> str:
    """A name without blanks around it; raises `ValueError` for one that could not stand in a prompt."""
    name = text.strip()
    if not name:
        raise ValueError("must not be blank")
    if bad := sorted(_FORBIDDEN & set(name)) or [c for c in name if not c.isprintable()]:
        raise ValueError(f"must not hold {bad[0]!r}")
    return name


Name = Annotated[str, Field(min_length=1, max_length=64, examples=["my-style"]), AfterValidator(check_name)]
Description = Annotated[str, Field(max_length=2000, description="What it is good for.")]
Tags = Annotated[list[Annotated[str, Field(min_length=1, max_length=40)]], Field(max_length=16, examples=[["style"]])]
TriggerWords = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=200)]],
    Field(max_length=24, description="Words that call up what it was trained on.", examples=[["ohwx cat"]]),
]


class ModelCreate(BaseModel):
    """A model to bring in."""

    model_config = ConfigDict(extra="forbid", strict=True)

    source: str = Field(
        min_length=1,
        max_length=1900,
        description="Where it lies: `hf://org/name[@revision][/file]` or a plain hub id, `pypi://name==version/path`, "
        "`s3://bucket/key`, `https://…`, or a folder or file of the machine the diffusion service runs on. Buckets "
        "and folders only as far as the operator opens them.",
        examples=["hf://stabilityai/sdxl-vae"],
    )
    name: Name | None = Field(None, description="Absent = after its source.")
    kind: ModelKind | None = Field(None, description="What it is for; needed only where its files do not tell.")
    description: Description = ""
    tags: Tags = Field(default_factory=list[str])


class ModelPatch(BaseModel):
    """What to change of a model; fields that are not given stay."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: Name | None = None
    description: Description | None = None
    tags: Tags | None = None
    trigger_words: TriggerWords | None = None
    favourite: bool | None = None
    preview_asset_id: str | None = Field(
        None, max_length=26, description="A picture of yours that stands for it; null = none.", examples=[_ULID]
    )


class ModelError(BaseModel):
    """Why it is not here."""

    code: str = Field(examples=["model_refused"])
    message: str
    hint: str = ""


class ModelTransfer(BaseModel):
    """The job that brings a model in."""

    id: str = Field(description="Follow it at `/api/jobs/{id}/events`.", examples=[_ULID])
    status: str
    progress: float = Field(ge=0, le=1)
    stage: str = Field(examples=["downloading"])
    message: str = Field(examples=["Downloading model.safetensors: 123.0 MB of 246.0 MB, 12.0 MB/s"])
    eta_s: float | None


class LoadedModel(BaseModel):
    """A model in the memory of a worker."""

    worker: str
    status: str = Field(description="`loading`, `loaded` or `failed`.")
    bytes: int = Field(ge=0)
    in_use: int = Field(description="Requests that use it now.", ge=0)
    uses: int = Field(description="Requests since it was loaded.", ge=0)
    last_used_at: datetime | None
    error: str = Field(description="Why it failed, if it did.")


class Model(BaseModel):
    """A model that requests can name."""

    id: str = Field(description="ULID; of a built-in model `built-in:<name>`.", examples=[_ULID])
    name: str = Field(examples=["my-style"])
    kind: ModelKind | None = Field(description="Null until its files were looked at.")
    family: str = Field(description="Which models it belongs to.", examples=["sdxl"])
    source: str
    built_in: bool = Field(description="Came along; can be used, but neither changed nor deleted.")
    status: ModelStatus
    error: ModelError | None
    sha256: str = Field(description='Of its content, hex; "" until that is here.')
    short_hash: str = Field(description="Its first ten digits, as other programs show it.", examples=["31e35c80fc"])
    hash: str = Field(description="What pictures made with it report.")
    size: int = Field(description="Bytes.", ge=0)
    files: int = Field(ge=0)
    rank: int = Field(description="Of a LoRA; 0 = none.", ge=0)
    alpha: float | None
    base_model: str = Field(description="What its file says it is made of or for.")
    trigger_words: list[str]
    description: str
    tags: list[str]
    favourite: bool
    preview_asset_id: str | None
    preview_url: str | None
    loadable: bool = Field(description="False for what is only used along with another model, or served elsewhere.")
    note: str = Field(description="How it is used, in a sentence.")
    pinned: bool = Field(description="True if every worker keeps it in memory.")
    loaded_on: list[LoadedModel]
    job: ModelTransfer | None = Field(description="How it comes in; null once it is here.")
    uses: int = Field(description="How often you have asked for it.", ge=0)
    last_used_at: datetime | None
    created_at: datetime | None
    updated_at: datetime | None


class WorkerMemory(BaseModel):
    """What models take at a worker, in bytes."""

    worker: str
    device: str
    memory_used: int
    memory_budget: int = Field(description="0 = not known before the first model is loaded.")
    disk_used: int
    disk_budget: int
    models: int = Field(description="How many are in memory.")


class ModelUse(BaseModel):
    """How often a model was asked for."""

    id: str
    name: str
    uses: int
    last_used_at: datetime


class ModelStatistics(BaseModel):
    """Your models in figures."""

    models: int = Field(description="In the registry; built-in ones are not counted.")
    size: int = Field(description="Bytes of the models in the registry.")
    by_kind: dict[str, int] = Field(examples=[{"lora": 3}])
    by_family: dict[str, int] = Field(examples=[{"sdxl": 2}])
    by_status: dict[str, int] = Field(examples=[{"available": 3}])
    uses: int = Field(description="How often any was asked for.")
    most_used: list[ModelUse] = Field(description="The ten asked for most often.")
    workers: list[WorkerMemory]
