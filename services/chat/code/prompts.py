"""What a model is asked for code. Short, since small models lose the thread."""

from collections.abc import Sequence
from typing import Any

from atelier.v1.chat_pb2 import ChatCompletionRequest, ChatMessage, CodeFile, GenerateCodeRequest
from services.chat.code.kinds import FRAMEWORKS, TARGETS, entry

_FENCED = "Answer with files only. Begin each file with a line `### path`, then its whole code in one fenced block."
_STRUCTURED = 'Answer with one JSON object {"files": [{"path": "…", "content": "…"}]} that holds every file whole.'
_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "files": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"path": {"type": "string"}, "content": {"type": "string"}},
                "required": ["path", "content"],
                "additionalProperties": False,
            },
        }
    },
    "required": ["files"],
    "additionalProperties": False,
}
_FORMAT = {"type": "json_schema", "json_schema": {"name": "files", "strict": True, "schema": _SCHEMA}}


def question(request: GenerateCodeRequest, *, structured: bool) -> ChatCompletionRequest:
    """The request for an endpoint that takes a JSON schema (`structured`) or does not."""
    framework = FRAMEWORKS[request.framework]
    system = f"You write {framework.label} code that works as it is. {framework.conventions}"
    asked = ChatCompletionRequest(model=request.model, stream=True)
    asked.messages.append(_said("system", f"{system} {_STRUCTURED if structured else _FENCED}"))
    asked.messages.append(_said("user", _refine(request) if request.files else _begin(request)))
    # Without a limit an endpoint writes as much as its context holds.
    if request.HasField("max_tokens"):
        asked.max_tokens = request.max_tokens
    asked.temperature = request.temperature if request.HasField("temperature") else 0.2
    if request.HasField("seed"):
        asked.seed = request.seed
    if structured:
        asked.response_format.update(_FORMAT)
    return asked


def _begin(request: GenerateCodeRequest) -> str:
    framework = FRAMEWORKS[request.framework]
    first = entry(request.framework, request.target_type, request.project_name)
    return (
        f"Write {TARGETS[request.target_type]} with {framework.label}: {request.description.strip()}\n\n"
        f"Project: {request.project_name}. The first file is `{first}`; add others only if they are needed."
    )


def _refine(request: GenerateCodeRequest) -> str:
    return (
        f"This is {request.project_name}: {request.description.strip()}\n\n{_shown(request.files)}\n\n"
        f"Change it: {request.instruction.strip() or 'write it anew, better'}\n\n"
        "Answer with the files that change or are new, each whole; leave out the others."
    )


def _shown(files: Sequence[CodeFile]) -> str:
    return "\n\n".join(f"### {file.path}\n```{file.language}\n{file.content.rstrip()}\n```" for file in files)


def _said(role: str, text: str) -> ChatMessage:
    message = ChatMessage(role=role)
    message.content.string_value = text
    return message
