"""The tables. Every row has an owner; ids are ULIDs, so sorting by id is sorting by time."""

from datetime import UTC, date, datetime
from typing import Any, cast

from sqlalchemy import (
    JSON,
    BigInteger,
    Date,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    TypeDecorator,
    text,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

TERMINAL = ("completed", "failed", "cancelled")


class Utc(TypeDecorator[datetime]):
    """A time in UTC. SQLite keeps no zone, so it is taken off on the way in and put back on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def now() -> datetime:
    """The present moment in UTC, to the microsecond both databases keep."""
    return datetime.now(UTC)


# none_as_null: a missing value is SQL's NULL in both databases, never the JSON word null.
Document = JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
# A primary key of this type is SQLite's own row number.
Whole = BigInteger().with_variant(Integer, "sqlite")
Ulid = String(26)
Owner = String(64)


class Base(DeclarativeBase):
    """Declarative base of the catalog."""


class JobRow(Base):
    """A job as last heard of. `last_seq` is the journal position the row stands at: older news never overwrites it."""

    __tablename__ = "jobs"

    id: Mapped[str] = mapped_column(Ulid, primary_key=True)
    owner_id: Mapped[str] = mapped_column(Owner)
    project_id: Mapped[str | None] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(128))
    service: Mapped[str] = mapped_column(String(64))
    status: Mapped[str] = mapped_column(String(16))
    priority: Mapped[int] = mapped_column(Integer, default=0)
    run: Mapped[int] = mapped_column(Integer, default=1)
    published: Mapped[bool] = mapped_column(default=False)
    """True once the bus has acknowledged run number `run`; false rows are what reconciling looks for."""
    stream_seq: Mapped[int | None] = mapped_column(BigInteger)
    """Place of the waiting job in the queue's stream."""
    request: Mapped[bytes] = mapped_column(LargeBinary)
    params: Mapped[dict[str, Any]] = mapped_column(Document)
    traceparent: Mapped[str | None] = mapped_column(String(55))
    retry_of: Mapped[str | None] = mapped_column(Ulid)
    progress: Mapped[float] = mapped_column(default=0.0)
    stage: Mapped[str] = mapped_column(Text, default="")
    message: Mapped[str] = mapped_column(Text, default="")
    eta_s: Mapped[float | None] = mapped_column()
    result: Mapped[dict[str, Any] | None] = mapped_column(Document)
    error: Mapped[dict[str, Any] | None] = mapped_column(Document)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    last_seq: Mapped[int] = mapped_column(BigInteger, default=0)
    created_at: Mapped[datetime] = mapped_column(Utc)
    updated_at: Mapped[datetime] = mapped_column(Utc)
    started_at: Mapped[datetime | None] = mapped_column(Utc)
    finished_at: Mapped[datetime | None] = mapped_column(Utc)
    learned: Mapped[bool] = mapped_column(default=True)
    """False as long as there are words in its prompt to be learned."""

    __table_args__ = (
        Index("ix_jobs_unlearned", "id", sqlite_where=text("NOT learned"), postgresql_where=text("NOT learned")),
        Index("ix_jobs_owner", "owner_id", "id"),
        Index("ix_jobs_owner_status", "owner_id", "status", "id"),
        Index("ix_jobs_owner_kind", "owner_id", "kind", "id"),
        Index("ix_jobs_owner_project", "owner_id", "project_id", "id"),
        Index("ix_jobs_queue", "status", "service", "priority", "id"),
    )


# For statements that pass the ORM by: those for many rows are ten times as quick.
JOBS = cast(Table, JobRow.__table__)


class AssetRow(Base):
    """Something kept in object storage under `key`. `sha256` of the content makes the ETag."""

    __tablename__ = "assets"

    seq: Mapped[int] = mapped_column(Whole, primary_key=True, autoincrement=False)
    """Its place among all assets, by time: microseconds since 1970 with room for what came in the same one. Lists are
    in its order, and so are SQLite's full-text answers, which know nothing but such numbers."""
    id: Mapped[str] = mapped_column(Ulid, unique=True)
    owner_id: Mapped[str] = mapped_column(Owner)
    project_id: Mapped[str | None] = mapped_column(String(64))
    job_id: Mapped[str | None] = mapped_column(Ulid)
    kind: Mapped[str] = mapped_column(String(16))
    source: Mapped[str] = mapped_column(String(16))
    """`generated` or `uploaded`."""
    key: Mapped[str] = mapped_column(String(512))
    name: Mapped[str] = mapped_column(String(255), default="")
    content_type: Mapped[str] = mapped_column(String(128))
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    index: Mapped[int] = mapped_column(Integer, default=0)
    width: Mapped[int] = mapped_column(Integer, default=0)
    height: Mapped[int] = mapped_column(Integer, default=0)
    duration_s: Mapped[float] = mapped_column(Float, default=0.0)
    provenance: Mapped[dict[str, Any]] = mapped_column(Document)
    model: Mapped[str] = mapped_column(String(256), default="")
    tags: Mapped[list[str]] = mapped_column(Document)
    favourite: Mapped[bool] = mapped_column(default=False)
    words: Mapped[str] = mapped_column(Text, deferred=True)
    """What it is found by (`catalog.words`)."""
    expires_at: Mapped[datetime | None] = mapped_column(Utc)
    """When a temporary one is deleted; None = kept until somebody deletes it."""
    created_at: Mapped[datetime] = mapped_column(Utc)

    __table_args__ = (
        # With sizes, so that statistics need nothing but the index.
        Index("ix_assets_owner", "owner_id", "seq", "size"),
        Index("ix_assets_owner_kind", "owner_id", "kind", "seq"),
        Index("ix_assets_owner_model", "owner_id", "model", "seq"),
        Index("ix_assets_owner_project", "owner_id", "project_id", "seq"),
        Index("ix_assets_owner_size", "owner_id", "size", "seq"),
        Index("ix_assets_figures", "owner_id", "kind", "source", "size"),
        Index("ix_assets_job", "job_id", "index"),
        Index("ix_assets_expiry", "expires_at"),
    )


class AssetTagRow(Base):
    """A tag of an asset, once more beside its row, to be counted."""

    __tablename__ = "asset_tags"

    asset_id: Mapped[str] = mapped_column(Ulid, ForeignKey("assets.id", ondelete="CASCADE"), primary_key=True)
    tag: Mapped[str] = mapped_column(String(40), primary_key=True)
    owner_id: Mapped[str] = mapped_column(Owner)

    __table_args__ = (Index("ix_asset_tags_owner", "owner_id", "tag"),)


_LEFT = text("keys IS NOT NULL")


class DeletedAssetRow(Base):
    """An asset that was deleted on purpose: hearing its `output` event again must not bring it back."""

    __tablename__ = "deleted_assets"

    id: Mapped[str] = mapped_column(Ulid, primary_key=True)
    owner_id: Mapped[str] = mapped_column(Owner)
    keys: Mapped[list[str] | None] = mapped_column(Document)
    """What object storage still holds of it; None once it is gone."""
    deleted_at: Mapped[datetime] = mapped_column(Utc)

    __table_args__ = (Index("ix_deleted_assets_left", "deleted_at", sqlite_where=_LEFT, postgresql_where=_LEFT),)


class BoardRow(Base):
    """A collection of assets; an asset may be in many."""

    __tablename__ = "boards"

    id: Mapped[str] = mapped_column(Ulid, primary_key=True)
    owner_id: Mapped[str] = mapped_column(Owner)
    name: Mapped[str] = mapped_column(String(100))
    cover_id: Mapped[str | None] = mapped_column(Ulid, ForeignKey("assets.id", ondelete="SET NULL"))
    """The chosen cover; None = what was added last."""
    created_at: Mapped[datetime] = mapped_column(Utc)
    updated_at: Mapped[datetime] = mapped_column(Utc)

    __table_args__ = (
        Index("ix_boards_owner", "owner_id", "id"),
        Index("ux_boards_owner_name", "owner_id", "name", unique=True),
        Index("ix_boards_cover", "cover_id"),
    )


class BoardAssetRow(Base):
    """An asset on a board."""

    __tablename__ = "board_assets"

    board_id: Mapped[str] = mapped_column(Ulid, ForeignKey("boards.id", ondelete="CASCADE"), primary_key=True)
    asset_id: Mapped[str] = mapped_column(Ulid, ForeignKey("assets.id", ondelete="CASCADE"), primary_key=True)
    added: Mapped[str] = mapped_column(Ulid)
    """A ULID, so that what was added sorts by when."""

    __table_args__ = (
        Index("ix_board_assets_order", "board_id", "added"),
        Index("ix_board_assets_asset", "asset_id"),
    )


class ConversationRow(Base):
    """A conversation; its messages form a tree, so that a regenerated answer stands beside the first one."""

    __tablename__ = "conversations"

    id: Mapped[str] = mapped_column(Ulid, primary_key=True)
    owner_id: Mapped[str] = mapped_column(Owner)
    project_id: Mapped[str | None] = mapped_column(String(64))
    title: Mapped[str] = mapped_column(String(200), default="")
    model: Mapped[str] = mapped_column(String(256), default="")
    system_prompt: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(Utc)
    updated_at: Mapped[datetime] = mapped_column(Utc)

    __table_args__ = (Index("ix_conversations_owner", "owner_id", "updated_at", "id"),)


class MessageRow(Base):
    """One message. `updated_at` of a message that is being written is renewed while its writer lives."""

    __tablename__ = "messages"

    id: Mapped[str] = mapped_column(Ulid, primary_key=True)
    owner_id: Mapped[str] = mapped_column(Owner)
    conversation_id: Mapped[str] = mapped_column(Ulid, ForeignKey("conversations.id", ondelete="CASCADE"))
    parent_id: Mapped[str | None] = mapped_column(Ulid)
    role: Mapped[str] = mapped_column(String(16))
    content: Mapped[str] = mapped_column(Text, default="")
    model: Mapped[str] = mapped_column(String(256), default="")
    status: Mapped[str] = mapped_column(String(16))
    usage: Mapped[dict[str, Any] | None] = mapped_column(Document)
    latency_ms: Mapped[float | None] = mapped_column()
    answered_by: Mapped[dict[str, Any] | None] = mapped_column(Document)
    attachments: Mapped[list[dict[str, Any]] | None] = mapped_column(Document)
    rating: Mapped[int | None] = mapped_column(Integer)
    error: Mapped[dict[str, Any] | None] = mapped_column(Document)
    created_at: Mapped[datetime] = mapped_column(Utc)
    updated_at: Mapped[datetime] = mapped_column(Utc)

    __table_args__ = (
        Index("ix_messages_rated", "owner_id", "rating"),
        Index("ix_messages_conversation", "conversation_id", "id"),
        Index("ix_messages_status", "status", "updated_at"),
    )


class PromptRow(Base):
    """A text with gaps, `{{name}}`, to be filled in and asked."""

    __tablename__ = "prompts"

    id: Mapped[str] = mapped_column(Ulid, primary_key=True)
    owner_id: Mapped[str] = mapped_column(Owner)
    name: Mapped[str] = mapped_column(String(100))
    description: Mapped[str] = mapped_column(String(500), default="")
    purpose: Mapped[str] = mapped_column(String(16))
    text: Mapped[str] = mapped_column(Text)
    tags: Mapped[list[str]] = mapped_column(Document)
    created_at: Mapped[datetime] = mapped_column(Utc)
    updated_at: Mapped[datetime] = mapped_column(Utc)

    __table_args__ = (
        Index("ix_prompts_owner", "owner_id", "id"),
        Index("ux_prompts_owner_name", "owner_id", "name", unique=True),
    )


class PresetRow(Base):
    """A style preset of an owner; those that come with Atelier stand in no table."""

    __tablename__ = "presets"

    id: Mapped[str] = mapped_column(Ulid, primary_key=True)
    owner_id: Mapped[str] = mapped_column(Owner)
    name: Mapped[str] = mapped_column(String(100))
    description: Mapped[str] = mapped_column(String(500), default="")
    kind: Mapped[str] = mapped_column(String(16))
    category: Mapped[str] = mapped_column(String(40))
    template: Mapped[str] = mapped_column(Text)
    negative_prompt: Mapped[str] = mapped_column(Text, default="")
    settings: Mapped[dict[str, Any]] = mapped_column(Document)
    created_at: Mapped[datetime] = mapped_column(Utc)
    updated_at: Mapped[datetime] = mapped_column(Utc)

    __table_args__ = (
        Index("ix_presets_owner", "owner_id", "id"),
        Index("ux_presets_owner_name", "owner_id", "name", unique=True),
    )


class PhraseRow(Base):
    """A phrase of an owner's own prompts. `heat` grows with every use and fades with time; see `suggestions.heat`."""

    __tablename__ = "phrases"

    owner_id: Mapped[str] = mapped_column(Owner, primary_key=True)
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    """The phrase in the form in which it is compared."""
    text: Mapped[str] = mapped_column(String(200))
    uses: Mapped[int] = mapped_column(Integer)
    heat: Mapped[float] = mapped_column()
    revision: Mapped[int] = mapped_column(BigInteger)
    """The revision of the owner's book in which it changed last."""

    __table_args__ = (Index("ix_phrases_revision", "owner_id", "revision"),)


# Read by the hundred thousand, so past the ORM.
PHRASES = cast(Table, PhraseRow.__table__)


class PhraseBookRow(Base):
    """All phrases of an owner, by what changed when: copies of the gateway follow it."""

    __tablename__ = "phrase_books"

    owner_id: Mapped[str] = mapped_column(Owner, primary_key=True)
    revision: Mapped[int] = mapped_column(BigInteger)
    edition: Mapped[int] = mapped_column(BigInteger)
    """Another one = phrases were taken out, so that what a copy knows is to be read anew."""
    phrases: Mapped[int] = mapped_column(Integer)
    prompts: Mapped[int] = mapped_column(BigInteger)
    """How many prompts they came from."""


class CodeProjectRow(Base):
    """A set of files that a model wrote from a description."""

    __tablename__ = "code_projects"

    id: Mapped[str] = mapped_column(Ulid, primary_key=True)
    owner_id: Mapped[str] = mapped_column(Owner)
    name: Mapped[str] = mapped_column(String(100))
    description: Mapped[str] = mapped_column(Text)
    framework: Mapped[str] = mapped_column(String(32))
    target_type: Mapped[str] = mapped_column(String(32))
    created_at: Mapped[datetime] = mapped_column(Utc)
    updated_at: Mapped[datetime] = mapped_column(Utc)

    __table_args__ = (Index("ix_code_projects_owner", "owner_id", "id"),)


class CodeVersionRow(Base):
    """How a project's files stood after one answer of a model; versions are never changed."""

    __tablename__ = "code_versions"

    project_id: Mapped[str] = mapped_column(Ulid, ForeignKey("code_projects.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    """From 1."""
    instruction: Mapped[str] = mapped_column(Text, default="")
    status: Mapped[str] = mapped_column(String(16))
    files: Mapped[list[dict[str, Any]]] = mapped_column(Document)
    reason: Mapped[str] = mapped_column(Text, default="")
    raw: Mapped[str] = mapped_column(Text, default="")
    model: Mapped[str] = mapped_column(String(256), default="")
    answered_by: Mapped[dict[str, Any] | None] = mapped_column(Document)
    latency_ms: Mapped[float | None] = mapped_column()
    error: Mapped[dict[str, Any] | None] = mapped_column(Document)
    created_at: Mapped[datetime] = mapped_column(Utc)


class DatasetRow(Base):
    """A collection of examples to train on. What is in it are its versions."""

    __tablename__ = "datasets"

    id: Mapped[str] = mapped_column(Ulid, primary_key=True)
    owner_id: Mapped[str] = mapped_column(Owner)
    name: Mapped[str] = mapped_column(String(100))
    description: Mapped[str] = mapped_column(String(2000), default="")
    type: Mapped[str] = mapped_column(String(16))
    tags: Mapped[list[str]] = mapped_column(Document)
    created_at: Mapped[datetime] = mapped_column(Utc)
    updated_at: Mapped[datetime] = mapped_column(Utc)

    __table_args__ = (Index("ix_datasets_owner", "owner_id", "id"),)


class DatasetVersionRow(Base):
    """The items of a dataset as they were at one time; versions are never changed. The items lie in object storage,
    under the hash of their content."""

    __tablename__ = "dataset_versions"

    dataset_id: Mapped[str] = mapped_column(Ulid, ForeignKey("datasets.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    """From 1."""
    sha256: Mapped[str] = mapped_column(String(64))
    items: Mapped[int] = mapped_column(Integer)
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    source: Mapped[dict[str, Any]] = mapped_column(Document)
    """Where it came from, by `kind`."""
    statistics: Mapped[dict[str, Any]] = mapped_column(Document)
    """Counted once, when it was made."""
    created_at: Mapped[datetime] = mapped_column(Utc)


class ModelRow(Base):
    """A model of the registry. Its files lie in object storage under the hash of their content; several rows may have
    the same."""

    __tablename__ = "models"

    id: Mapped[str] = mapped_column(Ulid, primary_key=True)
    owner_id: Mapped[str] = mapped_column(Owner)
    name: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(16), default="")
    """"" = not known until its files were looked at."""
    family: Mapped[str] = mapped_column(String(32), default="unknown")
    source: Mapped[str] = mapped_column(String(2000))
    status: Mapped[str] = mapped_column(String(16))
    """"downloading", "available" or "failed"."""
    error: Mapped[dict[str, Any] | None] = mapped_column(Document)
    sha256: Mapped[str] = mapped_column(String(64), default="")
    """Of its content; "" until that is here."""
    hash: Mapped[str] = mapped_column(String(64), default="")
    """What pictures made with it report."""
    size: Mapped[int] = mapped_column(BigInteger, default=0)
    files: Mapped[int] = mapped_column(Integer, default=0)
    rank: Mapped[int] = mapped_column(Integer, default=0)
    alpha: Mapped[float | None] = mapped_column()
    base_model: Mapped[str] = mapped_column(String(200), default="")
    trigger_words: Mapped[list[str]] = mapped_column(Document)
    description: Mapped[str] = mapped_column(String(2000), default="")
    tags: Mapped[list[str]] = mapped_column(Document)
    favourite: Mapped[bool] = mapped_column(default=False)
    preview_asset_id: Mapped[str | None] = mapped_column(Ulid)
    job_id: Mapped[str | None] = mapped_column(Ulid)
    """The job that brings it in, or did."""
    created_at: Mapped[datetime] = mapped_column(Utc)
    updated_at: Mapped[datetime] = mapped_column(Utc)

    __table_args__ = (
        Index("ix_models_owner", "owner_id", "id"),
        Index("ux_models_owner_name", "owner_id", "name", unique=True),
        Index("ix_models_sha256", "sha256"),
    )


class ModelUseRow(Base):
    """How often an owner has asked for a model: a row of the registry by its id, or a built-in one."""

    __tablename__ = "model_uses"

    owner_id: Mapped[str] = mapped_column(Owner, primary_key=True)
    model: Mapped[str] = mapped_column(String(128), primary_key=True)
    uses: Mapped[int] = mapped_column(BigInteger)
    last_used_at: Mapped[datetime] = mapped_column(Utc)


class EndpointRow(Base):
    """A server of an owner that answers chat requests. Its API key is encrypted and never leaves again."""

    __tablename__ = "endpoints"

    id: Mapped[str] = mapped_column(Ulid, primary_key=True)
    owner_id: Mapped[str] = mapped_column(Owner)
    name: Mapped[str] = mapped_column(String(100))
    kind: Mapped[str] = mapped_column(String(32))
    base_url: Mapped[str] = mapped_column(String(2000))
    model: Mapped[str] = mapped_column(String(256), default="")
    sealed_key: Mapped[bytes] = mapped_column(LargeBinary, default=b"")
    tags: Mapped[list[str]] = mapped_column(Document)
    enabled: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(Utc)
    updated_at: Mapped[datetime] = mapped_column(Utc)

    __table_args__ = (
        Index("ix_endpoints_owner", "owner_id", "id"),
        Index("ux_endpoints_owner_name", "owner_id", "name", unique=True),
    )


class RoutingRow(Base):
    """How an owner's chat requests are routed; no row = the defaults."""

    __tablename__ = "routing"

    owner_id: Mapped[str] = mapped_column(Owner, primary_key=True)
    rules: Mapped[dict[str, Any]] = mapped_column(Document)
    updated_at: Mapped[datetime] = mapped_column(Utc)


class UsageRow(Base):
    """What one answer of a language model used; added up when somebody asks."""

    __tablename__ = "usage"

    id: Mapped[str] = mapped_column(Ulid, primary_key=True)
    owner_id: Mapped[str] = mapped_column(Owner)
    day: Mapped[date] = mapped_column(Date)
    """In UTC."""
    endpoint_id: Mapped[str] = mapped_column(String(64))
    endpoint: Mapped[str] = mapped_column(String(100))
    local: Mapped[bool] = mapped_column()
    model: Mapped[str] = mapped_column(String(256))
    task: Mapped[str] = mapped_column(String(16))
    outcome: Mapped[str] = mapped_column(String(16))
    prompt_tokens: Mapped[int] = mapped_column(BigInteger)
    completion_tokens: Mapped[int] = mapped_column(BigInteger)
    estimated: Mapped[bool] = mapped_column()
    cached: Mapped[bool] = mapped_column()
    requests: Mapped[int] = mapped_column(Integer)
    """How many answers the row stands for; more than one only if they were cached."""
    first_token_ms: Mapped[int] = mapped_column(Integer)
    latency_ms: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[datetime] = mapped_column(Utc)

    __table_args__ = (
        Index("ix_usage_owner_day", "owner_id", "day"),
        Index("ix_usage_owner_endpoint", "owner_id", "endpoint_id"),
    )


class PriceRow(Base):
    """What an owner pays for the tokens of a model, per million."""

    __tablename__ = "prices"

    owner_id: Mapped[str] = mapped_column(Owner, primary_key=True)
    endpoint_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    model: Mapped[str] = mapped_column(String(256), primary_key=True)
    """"" = every model of the endpoint that has no price of its own."""
    prompt: Mapped[float] = mapped_column()
    completion: Mapped[float] = mapped_column()
    updated_at: Mapped[datetime] = mapped_column(Utc)


class IdempotencyRow(Base):
    """Which job, or model, an `Idempotency-Key` stands for, and the hash of the request it came with."""

    __tablename__ = "idempotency_keys"

    owner_id: Mapped[str] = mapped_column(Owner, primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    request_hash: Mapped[str] = mapped_column(String(64))
    job_id: Mapped[str] = mapped_column(Ulid)
    created_at: Mapped[datetime] = mapped_column(Utc)

    __table_args__ = (Index("ix_idempotency_keys_created", "created_at"),)
