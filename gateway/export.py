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

# Fewer good answers than this teach a model nothing but their words.
ENOUGH = 20

_FILE: dict[str, Any] = {"schema": {"type": "string"}}
RESPONSE: dict[str, Any] = {
    "description": "The file.",
    "content": {"text/markdown": _FILE, "application/json": {"schema": {"type": "object"}}},
}
RATINGS: dict[str, Any] = {"description": "The file, JSON Lines.", "content": {"application/jsonl": _FILE}}

Rated = tuple[ConversationRow, Sequence[MessageRow], MessageRow]


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


def ratings(rated: Iterable[Rated]) -> Response:
    """Rated answers with everything that was said before them, one JSON object a line."""
    lines = list[str]()
    for conversation, rows, answer in rated:
        path = conversations.branch(rows, answer.id)
        said = [{"role": row.role, "content": row.content} for row in path if row.content]
        if conversation.system_prompt:
            said.insert(0, {"role": "system", "content": conversation.system_prompt})
        line = {"messages": said, "rating": answer.rating, "model": answer.model}
        lines.append(json.dumps(line, ensure_ascii=False) + "\n")
    return _file("".join(lines), "ratings.jsonl", "application/jsonl")


def _file(text: str, name: str, media_type: str) -> Response:
    plain = re.sub(r"[^A-Za-z0-9. _-]", "", name).strip() or "conversation"
    disposition = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name)}"
    headers = {"Content-Disposition": disposition}
    return Response(text.encode(), headers=headers, media_type=f"{media_type}; charset=utf-8")
