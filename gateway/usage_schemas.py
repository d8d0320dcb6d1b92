"""What the API takes and gives about usage and cost."""

from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

_ULID = "01K9ZC1Q5V8M3T7R2N4B6D0XYA"
_Price = Annotated[float, Field(ge=0, le=1_000_000, allow_inf_nan=False, examples=[2.5])]


class Amount(BaseModel):
    """What some answers used."""

    requests: int
    failed: int = Field(description="That broke off in the middle.")
    cached: int = Field(description="That were kept from an earlier request; they use no tokens.")
    estimated: int = Field(description="Whose endpoint did not say how many tokens; those were estimated.")
    prompt_tokens: int = Field(description="Tokens read.")
    completion_tokens: int = Field(description="Tokens written.")
    cost: float | None = Field(description="US dollars; null = nobody has said what this endpoint costs.")


class UsageItem(Amount):
    """What the answers of one model used on one day."""

    day: date = Field(description="In UTC.")
    endpoint_id: str
    endpoint: str = Field(description="Its name at the time.", examples=["My Gemma"])
    local: bool = Field(description="On this machine or network.")
    model: str = Field(examples=["gemma-2-2b-it"])
    first_token_ms: float | None = Field(description="Mean time to the first content token.")
    latency_ms: float | None = Field(description="Mean time to the end.")


class Usage(BaseModel):
    """What you used in a time."""

    since: date
    until: date
    total: Amount = Field(description="Its cost leaves out what has no price.")
    items: list[UsageItem] = Field(description="The latest day first.")


class Price(BaseModel):
    """What a model's tokens cost, US dollars per million."""

    model_config = ConfigDict(extra="forbid")

    endpoint_id: str = Field(max_length=64, examples=[_ULID])
    model: str = Field(
        "", max_length=256, description="Empty = every model of the endpoint without a price of its own."
    )
    prompt: _Price
    completion: _Price


class Prices(BaseModel):
    """All your prices."""

    model_config = ConfigDict(extra="forbid")

    items: list[Price] = Field(
        max_length=1000, examples=[[{"endpoint_id": "embedded", "model": "", "prompt": 0, "completion": 0}]]
    )
