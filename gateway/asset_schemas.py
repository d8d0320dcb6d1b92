"""What the API takes and gives about the library: changing assets, many at once, boards, figures, inspected files."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from gateway.schemas import Asset

_ULID = "01K9ZC1Q5V8M3T7R2N4B6D0XYA"
MOST_TAGS = 32
MOST_AT_ONCE = 1000

Source = Literal["generated", "uploaded"]
Action = Literal[
    "delete",
    "tag",
    "untag",
    "favourite",
    "unfavourite",
    "add_to_board",
    "remove_from_board",
    "move_to_project",
    "keep",
]


def tag_of(text: str) -> str:
    """A tag as it is kept: lower case, single spaces."""
    plain = " ".join(text.split()).lower()
    if not plain or "," in plain:
        raise ValueError("must be a word or some, without commas")
    if len(plain) > 40:
        raise ValueError("must have at most 40 characters")
    return plain


def _each_once(tags: list[str]) -> list[str]:
    return list(dict.fromkeys(tags))


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be blank")
    return text.strip()


Tag = Annotated[str, Field(min_length=1, max_length=40), AfterValidator(tag_of)]
_Tags = Annotated[list[Tag], Field(max_length=MOST_TAGS, examples=[["fruit", "portfolio"]]), AfterValidator(_each_once)]
_BoardName = Annotated[str, Field(min_length=1, max_length=100, examples=["Still lifes"]), AfterValidator(_not_blank)]
_Project = Annotated[str | None, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$", description="Null = none.")]
_Ids = Annotated[list[str], Field(min_length=1, max_length=MOST_AT_ONCE, examples=[[_ULID]])]


class AssetPatch(BaseModel):
    """What to change of an asset; fields that are not given stay."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: Annotated[str, Field(max_length=255)] | None = Field(default=None, examples=["apple.png"])
    tags: _Tags | None = None
    favourite: bool | None = Field(default=None, examples=[True])
    project_id: _Project = None


class AssetBulk(BaseModel):
    """One change to many assets."""

    model_config = ConfigDict(extra="forbid", strict=True)

    ids: _Ids
    action: Action = Field(examples=["tag"])
    tags: _Tags | None = Field(default=None, description="For `tag` and `untag`.")
    board_id: str | None = Field(default=None, description="For `add_to_board` and `remove_from_board`.", max_length=26)
    project_id: _Project = Field(default=None, description="For `move_to_project`; null = out of its project.")


class AssetOutcome(BaseModel):
    """What became of one asset."""

    id: str
    outcome: Literal["done", "unchanged", "not_found", "refused"]
    detail: str = Field(default="", description="Why it was refused.")


class AssetSelection(BaseModel):
    """Some assets."""

    model_config = ConfigDict(extra="forbid", strict=True)

    ids: _Ids


class Count(BaseModel):
    """Something and how many assets have it."""

    name: str = Field(examples=["portfolio"])
    count: int = Field(ge=1)


class AssetLabels(BaseModel):
    """What assets can be filtered by."""

    tags: list[Count] = Field(description="The most used first.")
    models: list[Count] = Field(description="Those that made the assets, the most used first.")


class Amount(BaseModel):
    """How many assets and bytes."""

    count: int = Field(ge=0)
    size: int = Field(ge=0, description="Bytes.")


class NamedAmount(Amount):
    """The same of one kind or source."""

    name: str = Field(examples=["image"])


class DayAmount(Amount):
    """The same of one day."""

    day: date = Field(description="In UTC.")


class AssetStatistics(BaseModel):
    """What is kept."""

    total: Amount
    kinds: list[NamedAmount]
    sources: list[NamedAmount]
    days: list[DayAmount] = Field(description="Days on which something came in, the first one first.")


class UnreadSetting(BaseModel):
    """A setting of a file that cannot be used here."""

    name: str = Field(examples=["Hires upscaler"])
    value: str
    reason: str


class Inspection(BaseModel):
    """What a file says about how it was made."""

    written_by: Literal["atelier", "a1111"] | None = Field(
        description="In whose form its settings are; null = it carries none."
    )
    mode: str | None = Field(
        description="Which kind of generation takes them, as in `/api/generate/<mode>`.", examples=["text-to-image"]
    )
    settings: dict[str, Any] = Field(description="By the names of that request; only what it takes.")
    unread: list[UnreadSetting] = Field(description="What could not be read or is not known here.")
    text: str = Field(description="The settings as they stand in the file, for people.")
    content_type: str
    size: int
    width: int
    height: int


class BoardCreate(BaseModel):
    """A new board."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: _BoardName


class BoardPatch(BaseModel):
    """What to change of a board; fields that are not given stay."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: _BoardName | None = None
    cover_id: str | None = Field(
        default=None, max_length=26, description="An asset on it; null = what was added last.", examples=[_ULID]
    )


class Board(BaseModel):
    """A collection of assets."""

    id: str = Field(examples=[_ULID])
    name: str
    count: int = Field(description="How many assets are on it.", ge=0)
    cover_id: str | None = Field(description="The chosen cover; null = what was added last.")
    cover: Asset | None = Field(description="What it is shown by; null = it is empty.")
    created_at: datetime
    updated_at: datetime


class BoardName(BaseModel):
    """A board, by name."""

    id: str
    name: str
