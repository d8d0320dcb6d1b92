"""What the API takes and gives about conversations."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from services.kit.schema import WHOLE

MessageStatus = Literal["complete", "stopped", "failed", "streaming"]

# Beyond this a JSON number is another one after it went through JavaScript.
EXACT = 2**53 - 1
_ULID = "01K9ZC1Q5V8M3T7R2N4B6D0XYA"
_Model = Annotated[str, Field(max_length=256)]


class Conversation(BaseModel):
    """A conversation."""

    id: str = Field(examples=[_ULID])
    title: str = Field(description="Empty until the first message gives it one.", examples=["Apples and pears"])
    model: str = Field(description="Empty = the active model.")
    system_prompt: str
    created_at: datetime
    updated_at: datetime
    message_count: int = Field(ge=0)


class Attempt(BaseModel):
    """An endpoint that was asked."""

    endpoint: str = Field(examples=["My Gemma"])
    outcome: str = Field(description="`answered`, or why it did not.", examples=["answered"])
    ms: int = Field(description="Until that was known.")
    message: str = Field("", description="What went wrong, for people.")


class MessageError(BaseModel):
    """Why an answer failed."""

    code: str
    message: str
    hint: str = ""
    retry_at: datetime | None = Field(None, description="From then on it may be asked again, as far as is known.")
    attempts: list[Attempt] = Field(default_factory=list[Attempt], description="Who was asked, and why each could not.")


class AnsweredBy(BaseModel):
    """Who answered, and how that came about."""

    endpoint: str = Field(examples=["My Gemma"])
    endpoint_id: str = ""
    first_token_ms: int
    cached: bool = Field(False, description="Kept from an earlier request.")
    attempts: list[Attempt]


class Attachment(BaseModel):
    """A file that goes with a question."""

    asset_id: str = Field(examples=[_ULID])
    name: str = Field(examples=["apple.png"])
    kind: Literal["image", "text"]


class Message(BaseModel):
    """One message of a conversation."""

    id: str
    parent_id: str | None = Field(description="The message it answers or follows; messages form a tree.")
    role: Literal["user", "assistant"]
    content: str
    model: str = Field(description="The model that wrote it; empty for the user's own.")
    status: MessageStatus
    created_at: datetime
    usage: dict[str, Any] | None = Field(description="Tokens as the model's endpoint counted them.")
    latency_ms: float | None = Field(description="From the question to the last token.")
    answered_by: AnsweredBy | None = Field(description="Null for the user's own, and until the first token.")
    attachments: list[Attachment]
    rating: Literal[-1, 1] | None = Field(description="What you think of the answer.")
    error: MessageError | None


class ConversationDetail(Conversation):
    """A conversation with its messages, oldest first."""

    messages: list[Message]


class _ConversationFields(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    title: str = Field("", max_length=200, examples=["Apples and pears"])
    model: str = Field("", max_length=256, description="Empty = the active model.")
    system_prompt: str = Field("", max_length=32_000, description="What the model is told before the first message.")


class ConversationCreate(_ConversationFields):
    """A new conversation."""


class ConversationPatch(_ConversationFields):
    """What to change of a conversation; fields that are not given stay."""


class _Sampling(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    attachments: list[Annotated[str, Field(max_length=26)]] = Field(
        default_factory=list[str], max_length=8, description="Ids of assets: texts and images.", examples=[[]]
    )
    temperature: float | None = Field(None, ge=0, le=2)
    top_p: float | None = Field(None, ge=0, le=1)
    max_tokens: Annotated[int, Field(ge=1, le=2**31 - 1), WHOLE] | None = Field(None, examples=[64])
    seed: Annotated[int, Field(ge=-EXACT, le=EXACT), WHOLE] | None = Field(None, examples=[42])


class MessageCreate(_Sampling):
    """A question to the model; without `content` the message `parent_id` is answered again."""

    content: str | None = Field(None, min_length=1, max_length=200_000, examples=["Say hello in one sentence."])
    parent_id: str | None = Field(
        None,
        max_length=26,
        description="What it follows; absent = the newest message, null = nothing: a new beginning.",
    )
    model: str | None = Field(None, max_length=256, description="Absent = the conversation's.")


class MessagePatch(BaseModel):
    """What you think of an answer."""

    model_config = ConfigDict(extra="forbid", strict=True)

    rating: Literal[-1, 1] | None = Field(description="1 = good, -1 = bad, null = no opinion.", examples=[1])


def _each_once(models: list[str]) -> list[str]:
    if len(set(models)) < len(models):
        raise ValueError("names a model twice")
    return models


class CompareCreate(_Sampling):
    """One question to several models."""

    content: str = Field(min_length=1, max_length=200_000, examples=["Say hello in one sentence."])
    models: Annotated[list[_Model], AfterValidator(_each_once)] = Field(
        min_length=2,
        max_length=4,
        description="Names of models or endpoints; empty = the active one.",
        json_schema_extra={"uniqueItems": True},
        examples=[["smollm2-135m-instruct", ""]],
    )
    conversation_id: str | None = Field(None, max_length=26, description="Absent = a new conversation.")
    system_prompt: str = Field("", max_length=32_000, description="Of the new conversation.")


class RatingsDataset(BaseModel):
    """What your rated answers were last made into."""

    id: str = Field(examples=[_ULID])
    name: str = Field(examples=["Rated answers"])
    version: int = Field(ge=1)
    good: int = Field(description="Good answers in it.")
    bad: int = Field(description="Bad answers in it.")


class Ratings(BaseModel):
    """What you think of your models' answers."""

    good: int
    bad: int
    needed: int = Field(description="Good answers from which training on them makes sense.")
    dataset: RatingsDataset | None = Field(description="The newest one made of them; null if there is none.")
