"""Events as clients get them: built once per event, however many listen."""

import base64
from dataclasses import dataclass
from datetime import UTC
from typing import Any

import orjson

from atelier.v1.common_pb2 import Asset as AssetMessage
from atelier.v1.common_pb2 import Event
from gateway import schemas
from gateway.catalog.models import JobRow
from gateway.views import content_url, thumbnail_url
from services.kit.contract import contract
from services.kit.journal import event_type, is_terminal

KEEP_ALIVE = b": keep-alive\n\n"
# Browsers come back after this many milliseconds when the stream ends before its job does.
OPENING = b"retry: 1000\n\n"


@dataclass(frozen=True, slots=True)
class Frame:
    """An event ready to be sent: `body` is its JSON, `sse` the whole server-sent event."""

    seq: int
    job_id: str
    owner_id: str
    kind: str
    project_id: str
    terminal: bool
    body: bytes
    sse: bytes

    @property
    def message(self) -> bytes:
        """The event as a WebSocket message."""
        return b'{"event":' + self.body + b"}"


def frame(event: Event) -> Frame:
    """The frame of a journal entry; `event.seq` must be set."""
    name = event_type(event)
    body = orjson.dumps(
        {
            "job_id": event.job_id,
            "seq": event.seq,
            "type": name,
            "time": event.time.ToJsonString(),
            "kind": event.kind,
            **_payload(event, name),
        }
    )
    return Frame(
        seq=event.seq,
        job_id=event.job_id,
        owner_id=event.owner_id,
        kind=event.kind,
        project_id=event.project_id,
        terminal=is_terminal(event),
        body=body,
        sse=b"id: %d\nevent: %s\ndata: %s\n\n" % (event.seq, name.encode(), body),
    )


def sse(name: str, data: Any) -> bytes:
    """A server-sent event without an id."""
    return b"event: %s\ndata: %s\n\n" % (name.encode(), orjson.dumps(data))


def gap(after: int, first_seq: int, job_id: str | None = None) -> dict[str, Any]:
    """What a client is told when events it asks for are no longer kept."""
    told: dict[str, Any] = {"type": "gap", "after": after, "first_seq": first_seq}
    return told if job_id is None else {"job_id": job_id, **told}


def ending(row: JobRow) -> Frame:
    """A finished job's terminal event, made from its row once the journal no longer keeps the original."""
    data: dict[str, Any] = {
        "job_id": row.id,
        "seq": row.last_seq,
        "type": row.status,
        "time": row.finished_at.isoformat().replace("+00:00", "Z") if row.finished_at else None,
        "kind": row.kind,
    }
    if row.status == "completed":
        data["result"] = row.result
    elif row.status == "failed":
        data["error"] = row.error
    body = orjson.dumps(data)
    framed = b"id: %d\nevent: %s\ndata: %s\n\n" % (row.last_seq, row.status.encode(), body)
    return Frame(row.last_seq, row.id, row.owner_id, row.kind, row.project_id or "", True, body, framed)


def asset_of(asset: AssetMessage, event: Event) -> schemas.Asset:
    """An asset as it travels in an `output` event."""
    return schemas.Asset(
        id=asset.id,
        job_id=event.job_id,
        project_id=event.project_id or None,
        kind=asset.kind,
        name="",
        content_type=asset.content_type,
        size=asset.size,
        sha256=asset.sha256,
        width=asset.width,
        height=asset.height,
        duration_s=asset.duration_s,
        index=asset.index,
        provenance=contract.to_json(asset).get("provenance", {}),
        created_at=event.time.ToDatetime(UTC),
        content_url=content_url(asset.id),
        thumbnail_url=thumbnail_url(asset.id, asset.content_type),
    )


def _payload(event: Event, name: str) -> dict[str, Any]:
    match name:
        case "preview":
            image = base64.b64encode(event.preview.image).decode()
            return {
                "index": event.preview.index,
                "step": event.preview.step,
                "image": f"data:{event.preview.content_type};base64,{image}",
            }
        case "output":
            return {"asset": asset_of(event.output.asset, event).model_dump(mode="json")}
        case "failed":
            error = event.failed.error
            return {"error": {"code": error.code, "message": error.message, "hint": error.hint}}
        case "":
            return {}
        case _:
            return contract.to_json(getattr(event, name))
