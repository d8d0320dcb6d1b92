"""What the API takes and gives about datasets, and a line of a version's content."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

DatasetType = Literal["image", "video", "text", "mixed"]
Include = Literal["good", "all"]

_ULID = "01K9ZC1Q5V8M3T7R2N4B6D0XYA"


class ExampleMessage(BaseModel):
    """One message, in OpenAI's form."""

    role: str = Field(description="`system`, `user` or `assistant`.", examples=["user"])
    content: str


class ChatExample(BaseModel):
    """An answer and everything that was said before it: a line of a text dataset."""

    messages: list[ExampleMessage]
    rating: Literal[-1, 1] | None = Field(None, description="What was thought of the answer.")
    model: str = Field("", description="The model that wrote the answer.")


class DatasetItem(ChatExample):
    """One item of a version."""

    index: int = Field(description="Its place in the version, from 0.", ge=0)


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be blank")
    return text.strip()


_Name = Annotated[str, Field(min_length=1, max_length=100, examples=["Rated answers"]), AfterValidator(_not_blank)]
_Description = Annotated[str, Field(max_length=2000, description="What is in it, and what it is for.")]
_Tags = Annotated[list[Annotated[str, Field(min_length=1, max_length=40)]], Field(max_length=16, examples=[["chat"]])]


class DatasetFromRatings(BaseModel):
    """A dataset of answers you rated."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: _Name = "Rated answers"
    description: _Description = ""
    tags: _Tags = Field(default_factory=list[str])
    dataset_id: str | None = Field(
        None, max_length=26, description="Adds a version to this dataset of yours; absent or null = a new dataset."
    )
    include: Include = Field("good", description="`good`: answers rated good; `all`: those rated bad as well.")


class DatasetPatch(BaseModel):
    """What to change of a dataset; fields that are not given stay."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: _Name | None = None
    description: _Description | None = None
    tags: _Tags | None = None


class RatingsSource(BaseModel):
    """Made of answers that were rated."""

    kind: Literal["ratings"] = "ratings"
    good: int = Field(ge=0)
    bad: int = Field(ge=0)


class DatasetVersion(BaseModel):
    """The items of a dataset as they were at one time; it never changes."""

    number: int = Field(description="From 1.", ge=1)
    sha256: str = Field(description="Hash of its content, hex.")
    items: int = Field(ge=0)
    size_bytes: int = Field(ge=0)
    source: RatingsSource = Field(description="Where it came from.")
    created_at: datetime


class Dataset(BaseModel):
    """A collection of examples to train on."""

    id: str = Field(examples=[_ULID])
    name: str = Field(examples=["Rated answers"])
    description: str
    type: DatasetType
    tags: list[str]
    latest: DatasetVersion | None = Field(description="Its newest version; null while nothing is in it.")
    created_at: datetime
    updated_at: datetime


class RatingCounts(BaseModel):
    """Items by what was thought of them."""

    good: int = Field(ge=0)
    bad: int = Field(ge=0)


class DatasetStatistics(BaseModel):
    """A version in figures."""

    version: int = Field(ge=1)
    items: int = Field(ge=0)
    size_bytes: int = Field(ge=0)
    messages: int = Field(ge=0)
    characters: int = Field(description="Of all messages.", ge=0)
    by_rating: RatingCounts
    by_model: dict[str, int] = Field(
        description="Items by the model that answered, the one with most first.",
        examples=[{"smollm2-135m-instruct": 23}],
    )
