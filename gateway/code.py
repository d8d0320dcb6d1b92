"""Projects that models write: asked over the bus, streamed to the browser, every version kept."""

import difflib
import io
import time
import zipfile
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import anyio
import orjson
from sqlalchemy.exc import IntegrityError

from atelier.v1.chat_pb2 import CodeEvent, CodeResult, GenerateCodeRequest
from gateway import code_schemas as schemas
from gateway import problems, views
from gateway.catalog import code
from gateway.catalog.models import CodeProjectRow, CodeVersionRow, now
from gateway.frames import sse
from gateway.state import Asker, Parts
from services.kit.contract import contract
from services.kit.failures import BadInput, Failure, NotFound
from services.kit.ids import new_ulid


@dataclass
class Writing:
    """A version while it is being written."""

    project: CodeProjectRow
    request: GenerateCodeRequest
    started: float = field(default_factory=time.perf_counter)
    files: dict[int, dict[str, Any]] = field(default_factory=dict[int, dict[str, Any]])


async def begin(parts: Parts, owner_id: str, request: GenerateCodeRequest) -> Writing:
    """Keep a new project; nothing is asked yet."""
    moment = now()
    row = CodeProjectRow(
        id=new_ulid(),
        owner_id=owner_id,
        name=request.project_name,
        description=request.description,
        framework=request.framework,
        target_type=request.target_type,
        created_at=moment,
        updated_at=moment,
    )
    async with parts.database.write() as session:
        session.add(row)
    return Writing(row, request)


def refining(project: CodeProjectRow, base: CodeVersionRow | None, ask: schemas.CodeRefine) -> Writing:
    """A change of a project, or the same asked again."""
    request = GenerateCodeRequest(
        project_name=project.name,
        description=project.description,
        framework=project.framework,
        target_type=project.target_type,
        model=ask.model,
        instruction=ask.instruction,
    )
    for name in ("max_tokens", "temperature", "seed"):
        if (value := getattr(ask, name)) is not None:
            setattr(request, name, value)
    # Without an instruction it is written anew: what is there would only be said again.
    for one in base.files if base is not None and ask.instruction else ():
        request.files.add(path=one["path"], language=one["language"], content=one["content"])
    return Writing(project, request)


async def events(parts: Parts, asker: Asker, writing: Writing) -> AsyncGenerator[CodeEvent, None]:
    """What the chat service tells while the files are written. The version is kept however that ends. Raises `Failure`
    after it is kept."""
    chunks = parts.calls.stream(
        "chat.generate_code", writing.request, owner=asker.owner_id, traceparent=asker.traceparent
    )
    kept = False
    try:
        async with aclosing(chunks) as answer:
            async for event in answer:
                _note(writing, event)
                if event.WhichOneof("event") == "result":
                    kept = True
                    await _keep(parts, writing, _of_result(event.result))
                yield event
    except BadInput:
        kept = True
        await _forget(parts, writing)
        raise
    except Failure as failure:
        kept = True
        await _keep(parts, writing, {**_unfinished(writing), "status": "failed", "error": problems.kept_error(failure)})
        raise
    finally:
        if not kept:
            # The browser went away or pressed stop. This task may be being cancelled; the keeping must not be.
            with anyio.CancelScope(shield=True):
                await _keep(parts, writing, {**_unfinished(writing), "status": "stopped"})


@asynccontextmanager
async def event_stream(parts: Parts, asker: Asker, writing: Writing) -> AsyncGenerator[AsyncIterator[bytes]]:
    """The same as frames: `project`, then `file`, `delta` …, `file_end`, and `done` or `error`."""
    yield _frames(parts, asker, writing)


async def _frames(parts: Parts, asker: Asker, writing: Writing) -> AsyncIterator[bytes]:
    yield sse("project", summary(writing.project).model_dump(mode="json"))
    try:
        async with aclosing(events(parts, asker, writing)) as told:
            async for event in told:
                match event.WhichOneof("event"):
                    case "started":
                        yield sse("file", contract.to_json(event.started))
                    case "delta":
                        yield sse("delta", contract.to_json(event.delta))
                    case "ended":
                        yield sse("file_end", contract.to_json(event.ended))
                    case _:
                        shown = await view(parts, asker.owner_id, writing.project.id, None)
                        yield sse("done", shown.model_dump(mode="json"))
    except Failure as failure:
        problem = problems.problem_of(failure, instance=f"/api/code/{writing.project.id}", trace_id=asker.trace_id)
        yield sse("error", problem.model_dump(exclude_none=True))


def _note(writing: Writing, event: CodeEvent) -> None:
    match event.WhichOneof("event"):
        case "started":
            told = event.started
            writing.files[told.index] = {"path": told.path, "language": told.language, "content": ""}
        case "delta":
            writing.files[event.delta.index]["content"] += event.delta.text
        case _:
            pass


def _of_result(result: CodeResult) -> dict[str, Any]:
    atelier: dict[str, Any] = orjson.loads(result.atelier or b"{}")
    return {
        "status": "complete" if result.usable else "unusable",
        "files": [contract.to_json(file) for file in result.files],
        "reason": result.reason,
        "raw": result.raw,
        "model": atelier.get("model", ""),
        "answered_by": views.answered_by(atelier),
    }


def _unfinished(writing: Writing) -> dict[str, Any]:
    """What there was of the files when it ended too soon, over those of before."""
    files = {
        one.path: {"path": one.path, "language": one.language, "content": one.content, "complete": True}
        for one in writing.request.files
    }
    files |= {one["path"]: {**one, "complete": False, "changed": True} for one in writing.files.values()}
    unchecked: dict[str, Any] = {"checked": False, "faults": [], "changed": False}
    return {"files": [{**unchecked, **one} for one in files.values()]}


async def _forget(parts: Parts, writing: Writing) -> None:
    """Nothing could come of a project that was asked for wrongly."""
    async with parts.database.write() as session:
        project = await code.get(session, writing.project.owner_id, writing.project.id)
        if project is not None and await code.next_number(session, project.id) == 1:
            await session.delete(project)


async def _keep(parts: Parts, writing: Writing, values: dict[str, Any]) -> None:
    moment, project_id = now(), writing.project.id
    known: dict[str, Any] = {"reason": "", "raw": "", "model": "", "answered_by": None, "error": None}
    try:
        async with parts.database.write() as session:
            project = await code.get(session, writing.project.owner_id, project_id)
            if project is None:
                # It was deleted meanwhile.
                return
            project.updated_at = moment
            session.add(
                CodeVersionRow(
                    **{**known, **_storable(values)},
                    project_id=project_id,
                    number=await code.next_number(session, project_id),
                    instruction=writing.request.instruction,
                    latency_ms=round((time.perf_counter() - writing.started) * 1000, 1),
                    created_at=moment,
                )
            )
    except IntegrityError:
        # Another answer of the same moment took the number.
        await _keep(parts, writing, values)


def _storable(value: Any) -> Any:
    """NUL is a character to models, but no database takes it."""
    return orjson.loads(orjson.dumps(value).replace(b"\\u0000", b"\\ufffd"))


# --- as the API shows it ----------------------------------------------------------------------------------------------


def summary(row: CodeProjectRow) -> schemas.CodeSummary:
    """A project in a list."""
    return schemas.CodeSummary(
        id=row.id,
        project_name=row.name,
        description=row.description,
        framework=row.framework,
        target_type=row.target_type,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


async def view(parts: Parts, owner_id: str, project_id: str, number: int | None) -> schemas.Code:
    """A project as it stood after a version (None = the newest); raises `NotFound`."""
    project, versions = await load(parts, owner_id, project_id)
    row = chosen(versions, number)
    return schemas.Code.model_validate(
        {
            **summary(project).model_dump(),
            "version": row.number if row else 0,
            "status": row.status if row else None,
            "files": row.files if row else [],
            "model_used": row.model if row else "",
            "endpoint": (row.answered_by or {}).get("endpoint", "") if row else "",
            "latency_ms": row.latency_ms if row else None,
            "attempts": (row.answered_by or {}).get("attempts", []) if row else [],
            "reason": row.reason if row else "",
            "raw": row.raw if row else "",
            "error": row.error if row else None,
            "versions": [
                {
                    "number": one.number,
                    "instruction": one.instruction,
                    "status": one.status,
                    "model_used": one.model,
                    "endpoint": (one.answered_by or {}).get("endpoint", ""),
                    "latency_ms": one.latency_ms,
                    "created_at": one.created_at,
                }
                for one in versions
            ],
        }
    )


async def load(parts: Parts, owner_id: str, project_id: str) -> tuple[CodeProjectRow, list[CodeVersionRow]]:
    """A project and its versions; raises `NotFound`."""
    async with parts.database.read() as session:
        project = await code.get(session, owner_id, project_id)
        if project is None:
            raise NotFound(f"There is no code project {project_id}.")
        return project, list(await code.versions(session, project_id))


def chosen(versions: list[CodeVersionRow], number: int | None) -> CodeVersionRow | None:
    """A version by its number; None = the newest, if there is any. Raises `NotFound`."""
    if number is None:
        return versions[-1] if versions else None
    for row in versions:
        if row.number == number:
            return row
    raise NotFound(f"There is no version {number}.")


def archive(files: Iterable[dict[str, Any]]) -> bytes:
    """The files as a zip; the same files give the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for one in sorted(files, key=lambda file: file["path"]):
            info = zipfile.ZipInfo(one["path"])
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            made.writestr(info, one["content"])
    return out.getvalue()


def changes(before: Iterable[dict[str, Any]], after: Iterable[dict[str, Any]]) -> list[schemas.CodeChange]:
    """How the files of two versions differ."""
    old, new = ({one["path"]: one["content"] for one in files} for files in (before, after))
    found = list[schemas.CodeChange]()
    for path in sorted(old.keys() | new.keys()):
        if old.get(path) == new.get(path):
            continue
        change = "added" if path not in old else "removed" if path not in new else "changed"
        lines = difflib.unified_diff(
            old.get(path, "").splitlines(keepends=True), new.get(path, "").splitlines(keepends=True), path, path
        )
        text = "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)
        found.append(schemas.CodeChange(path=path, change=change, diff=text))
    return found
