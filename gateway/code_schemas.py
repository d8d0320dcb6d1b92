"""What the API gives about generated code. Its request is derived from the contract."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from gateway.conversation_schemas import EXACT, Attempt, MessageError
from services.kit.schema import WHOLE

CodeStatus = Literal["complete", "unusable", "stopped", "failed"]
_ULID = "01K9ZC1Q5V8M3T7R2N4B6D0XYA"


class CodeFault(BaseModel):
    """Something that is not well-formed."""

    line: int = Field(description="From 1.")
    column: int = Field(description="From 1.")
    message: str


class CodeFile(BaseModel):
    """A file of a project."""

    path: str = Field(examples=["src/Counter.tsx"])
    language: str = Field(examples=["tsx"])
    content: str
    checked: bool = Field(description="Whether there is a check for this language.")
    faults: list[CodeFault] = Field(description="What the check found; empty = it is well-formed.")
    complete: bool = Field(description="False if the answer broke off inside it.")
    changed: bool = Field(description="Whether this version wrote it.")


class CodeVersion(BaseModel):
    """One answer of a model."""

    number: int = Field(ge=1)
    instruction: str = Field(description="What was to be changed; empty = written from the description.")
    status: CodeStatus = Field(description="`unusable`: the model answered, but with no file; see `raw`.")
    model_used: str = Field(examples=["gemma-2-2b-it"])
    endpoint: str = Field(description="Name of the endpoint that answered.", examples=["My Gemma"])
    latency_ms: float | None
    created_at: datetime


class CodeSummary(BaseModel):
    """A project in a list."""

    id: str = Field(examples=[_ULID])
    project_name: str = Field(examples=["Counter"])
    description: str
    framework: str = Field(examples=["react"])
    target_type: str = Field(examples=["component"])
    created_at: datetime
    updated_at: datetime


class Code(CodeSummary):
    """A project as it stood after one version, the newest unless asked otherwise."""

    version: int = Field(description="0 = nothing was written yet.")
    status: CodeStatus | None
    files: list[CodeFile]
    model_used: str
    endpoint: str
    latency_ms: float | None
    attempts: list[Attempt]
    reason: str = Field(description="Why there is no file, if there is none.")
    raw: str = Field(description="The answer as the model wrote it.")
    error: MessageError | None
    versions: list[CodeVersion] = Field(description="The first one first.")


class CodeRefine(BaseModel):
    """What to change of a project."""

    model_config = ConfigDict(extra="forbid", strict=True)

    instruction: str = Field("", max_length=20_000, description="Empty = write it anew.", examples=["Make it blue."])
    version: Annotated[int, Field(ge=1, le=2**31 - 1), WHOLE] | None = Field(
        None, description="To start from; absent = the newest."
    )
    model: str = Field("", max_length=256, description="Empty = as the routing says for code.")
    max_tokens: Annotated[int, Field(ge=1, le=2**31 - 1), WHOLE] | None = Field(None, examples=[2000])
    temperature: float | None = Field(None, ge=0, le=2)
    seed: Annotated[int, Field(ge=-EXACT, le=EXACT), WHOLE] | None = None


class CodeChange(BaseModel):
    """How a file differs between two versions."""

    path: str
    change: Literal["added", "removed", "changed"]
    diff: str = Field(description="In unified form.")


class CodeFramework(BaseModel):
    """What code can be written with."""

    name: str = Field(examples=["react"])
    label: str = Field(examples=["React with TypeScript"])
    targets: list[str] = Field(examples=[["component", "page"]])
