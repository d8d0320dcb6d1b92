"""Conversations as files."""

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import quote

from starlette.responses import Response

from gateway import views
from gateway.catalog import conversations
from gateway.catalog.models import ConversationRow, MessageRow
from gateway.dataset_schemas import ChatExample, ExampleMessage

# Fewer good answers than this teach a model nothing but their words.
ENOUGH = 20

_FILE: dict[str, Any] = {"schema": {"type": "string"}}
RESPONSE: dict[str, Any] = {
    "description": "The file.",
    "content": {"text/markdown": _FILE, "application/json": {"schema": {"type": "object"}}},
}
RATINGS: dict[str, Any] = {"description": "The file, JSON Lines.", "content": {"application/jsonl": _FILE}}


def as_markdown(conversation: ConversationRow, rows: Sequence[MessageRow], leaf_id: str | None) -> Response:
    """One branch, to be read."""
    title = conversation.title or "Conversation"
    leaf_id = leaf_id or (rows[-1].id if rows else None)
    parts = [f"# {title}"]
    if conversation.system_prompt:
        parts.append("\n".join(f"> {line}".rstrip() for line in conversation.system_prompt.splitlines()))
    for row in conversations.branch(rows, leaf_id):
        who = "You" if row.role == "user" else row.model or "Model"
        files = [f"*{one['name']}*" for one in row.attachments or ()]
        parts += [f"## {who}", *files, row.content or f"*{row.status}*"]
    return _file("\n\n".join(parts) + "\n", f"{title}.md", "text/markdown")


def as_json(conversation: ConversationRow, rows: Sequence[MessageRow]) -> Response:
    """All branches, as the API shows them."""
    shown = views.conversation(conversation, len(rows)).model_dump(mode="json")
    shown["messages"] = [views.message(row).model_dump(mode="json") for row in rows]
    text = json.dumps(shown, ensure_ascii=False, indent=2) + "\n"
    return _file(text, f"{conversation.title or 'Conversation'}.json", "application/json")


def example(conversation: ConversationRow, path: Sequence[MessageRow]) -> ChatExample:
    """The last message of a path, an answer, with everything that was said before it."""
    said = [ExampleMessage(role=row.role, content=row.content) for row in path if row.content]
    if conversation.system_prompt:
        said.insert(0, ExampleMessage(role="system", content=conversation.system_prompt))
    answer = path[-1]
    return ChatExample(
        messages=said,
        rating=answer.rating,  # pyright: ignore[reportArgumentType]  # the column holds nothing else; pydantic checks
        model=answer.model,
    )


def ratings(examples: Iterable[ChatExample]) -> Response:
    """Rated answers, one JSON object a line."""
    text = "".join(f"{one.model_dump_json()}\n" for one in examples)
    return _file(text, "ratings.jsonl", "application/jsonl")


def disposition(name: str) -> str:
    """Content-Disposition that saves a file under a name, in both spellings (RFC 6266)."""
    plain = re.sub(r"[^A-Za-z0-9. _-]", "", name).strip() or "conversation"
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _file(text: str, name: str, media_type: str) -> Response:
    headers = {"Content-Disposition": disposition(name)}
    return Response(text.encode(), headers=headers, media_type=f"{media_type}; charset=utf-8")
