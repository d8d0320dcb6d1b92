"""What the API takes and gives about prompt templates."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

_ULID = "01K9ZC1Q5V8M3T7R2N4B6D0XYA"
Purpose = Literal["user", "system"]


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be blank")
    return text.strip()


_Name = Annotated[str, Field(min_length=1, max_length=100, examples=["Explain to a child"]), AfterValidator(_not_blank)]
_Description = Annotated[str, Field(max_length=500, description="What it is for.")]
_Purpose = Annotated[Purpose, Field(description="A question, or what a model is told before it.")]
_Text = Annotated[
    str,
    Field(
        min_length=1,
        max_length=32_000,
        description="`{{name}}` is a gap, `{{name|words}}` one that holds words unless it is filled.",
        examples=["Explain {{topic}} to a child of {{age|six}}."],
    ),
]
_Tags = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=40)]], Field(max_length=16, examples=[["learning"]])
]


class PromptCreate(BaseModel):
    """A new template."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: _Name
    description: _Description = ""
    purpose: _Purpose = "user"
    text: _Text
    tags: _Tags = Field(default_factory=list[str])


class PromptPatch(BaseModel):
    """What to change of a template; fields that are not given stay."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: _Name | None = None
    description: _Description | None = None
    purpose: _Purpose | None = None
    text: _Text | None = None
    tags: _Tags | None = None


class Variable(BaseModel):
    """A gap of a template."""

    name: str = Field(examples=["topic"])
    default: str | None = Field(description="What stands there unless it is filled; null = it must be filled.")


class Prompt(BaseModel):
    """A text with gaps."""

    id: str = Field(examples=[_ULID])
    name: str
    description: str
    purpose: Purpose
    text: str
    variables: list[Variable] = Field(description="Its gaps, in order.")
    tags: list[str]
    created_at: datetime
    updated_at: datetime


class PromptFill(BaseModel):
    """What to fill the gaps with."""

    model_config = ConfigDict(extra="forbid", strict=True)

    variables: dict[Annotated[str, Field(max_length=40)], Annotated[str, Field(max_length=10_000)]] = Field(
        max_length=64, examples=[{"topic": "rain"}]
    )


class PromptText(BaseModel):
    """A template with its gaps filled."""

    text: str
