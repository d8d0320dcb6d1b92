"""What the API takes and gives about help with prompts."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from gateway.preset_schemas import PresetKind
from services.kit.schema import WHOLE

SEEDS = 2**32


class SuggestionCategory(BaseModel):
    """One side of a picture."""

    name: str = Field(examples=["lighting"])
    label: str = Field(examples=["Lighting"])
    description: str
    count: int = Field(description="How many suggestions there are.", ge=0)


class Suggestion(BaseModel):
    """Words for a prompt."""

    text: str = Field(examples=["golden hour"])
    description: str = Field(examples=["Low, warm sun."])
    category: str = Field(examples=["lighting"])
    kind: PresetKind | None = Field(description="What it makes sense for; null = both.")


class Completion(BaseModel):
    """What a phrase may become."""

    text: str = Field(examples=["golden hour"])
    source: Literal["yours", "built_in"] = Field(description="`yours`: from prompts of your own.")
    category: str | None = Field(description="Null for phrases of your own.")
    description: str
    uses: int = Field(description="How often you used it.", ge=0)
    errors: int = Field(description="Typing errors that were forgiven.", ge=0)


class Completions(BaseModel):
    """What the last phrase of a text may become, best first."""

    fragment: str = Field(description="The phrase that is being typed: the end of `q`, to be replaced.")
    items: list[Completion]


class EnhanceRequest(BaseModel):
    """A prompt to make more of."""

    model_config = ConfigDict(extra="forbid", strict=True)

    prompt: str = Field(min_length=1, max_length=8000, pattern=r"\S", examples=["a lighthouse at the sea"])
    by: Literal["rules", "model"] = Field("rules", description="`model`: the language model that answers you.")
    kind: PresetKind = Field("image", description="What it is for.")
    seed: Annotated[int, Field(ge=0, lt=SEEDS), WHOLE] | None = Field(
        None,
        description="The same seed makes the same of a prompt; null = a random one, reported.",
        examples=[7],
    )
    model: str = Field("", max_length=256, description="With `model`: which; empty = the one that answers you.")


class Enhanced(BaseModel):
    """A prompt made more of."""

    prompt: str
    added: list[str] = Field(description="The phrases that were not there before.", examples=[["golden hour"]])
    by: Literal["rules", "model"]
    seed: int
    model_used: str = Field(description="Empty if rules did it.")
    endpoint: str = Field(description="Who answered; empty if rules did it.")


class RandomPrompt(BaseModel):
    """A prompt made up."""

    prompt: str
    parts: list[Suggestion] = Field(description="What it is made of.")


class RandomPrompts(BaseModel):
    """Prompts made up."""

    seed: int = Field(description="The same one makes the same prompts.")
    items: list[RandomPrompt]


class Learned(BaseModel):
    """What was learned from your own prompts."""

    prompts: int = Field(description="How many prompts.", ge=0)
    phrases: int = Field(description="How many different phrases are in them.", ge=0)
