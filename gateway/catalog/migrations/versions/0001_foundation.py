"""Foundation: jobs, assets, conversations, idempotency keys"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

document: sa.JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
moment = sa.DateTime(timezone=True)
real: sa.Double[float] = sa.Double()


def upgrade() -> None:
    op.create_table(
        "assets",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("owner_id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=True),
        sa.Column("job_id", sa.String(length=26), nullable=True),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("key", sa.String(length=512), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("content_type", sa.String(length=128), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("index", sa.Integer(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("provenance", document, nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_assets_job", "assets", ["job_id", "index"])
    op.create_index("ix_assets_owner", "assets", ["owner_id", "id"])
    op.create_index("ix_assets_owner_kind", "assets", ["owner_id", "kind", "id"])
    op.create_index("ix_assets_owner_project", "assets", ["owner_id", "project_id", "id"])

    op.create_table(
        "conversations",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("owner_id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=True),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("model", sa.String(length=256), nullable=False),
        sa.Column("system_prompt", sa.Text(), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("updated_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_conversations_owner", "conversations", ["owner_id", "updated_at", "id"])

    op.create_table(
        "deleted_assets",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("owner_id", sa.String(length=64), nullable=False),
        sa.Column("deleted_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("owner_id", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("request_hash", sa.String(length=64), nullable=False),
        sa.Column("job_id", sa.String(length=26), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("owner_id", "key"),
    )
    op.create_index("ix_idempotency_keys_created", "idempotency_keys", ["created_at"])

    op.create_table(
        "jobs",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("owner_id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=True),
        sa.Column("kind", sa.String(length=128), nullable=False),
        sa.Column("service", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("published", sa.Boolean(), nullable=False),
        sa.Column("stream_seq", sa.BigInteger(), nullable=True),
        sa.Column("request", sa.LargeBinary(), nullable=False),
        sa.Column("params", document, nullable=False),
        sa.Column("traceparent", sa.String(length=55), nullable=True),
        sa.Column("retry_of", sa.String(length=26), nullable=True),
        sa.Column("progress", real, nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("eta_s", real, nullable=True),
        sa.Column("result", document, nullable=True),
        sa.Column("error", document, nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_seq", sa.BigInteger(), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("updated_at", moment, nullable=False),
        sa.Column("started_at", moment, nullable=True),
        sa.Column("finished_at", moment, nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_jobs_owner", "jobs", ["owner_id", "id"])
    op.create_index("ix_jobs_owner_kind", "jobs", ["owner_id", "kind", "id"])
    op.create_index("ix_jobs_owner_project", "jobs", ["owner_id", "project_id", "id"])
    op.create_index("ix_jobs_owner_status", "jobs", ["owner_id", "status", "id"])
    op.create_index("ix_jobs_queue", "jobs", ["status", "service", "priority", "id"])

    op.create_table(
        "messages",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("owner_id", sa.String(length=64), nullable=False),
        sa.Column("conversation_id", sa.String(length=26), nullable=False),
        sa.Column("parent_id", sa.String(length=26), nullable=True),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("model", sa.String(length=256), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("usage", document, nullable=True),
        sa.Column("latency_ms", real, nullable=True),
        sa.Column("error", document, nullable=True),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("updated_at", moment, nullable=False),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversations.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_messages_conversation", "messages", ["conversation_id", "id"])
    op.create_index("ix_messages_status", "messages", ["status", "updated_at"])


def downgrade() -> None:
    op.drop_index("ix_messages_status", "messages")
    op.drop_index("ix_messages_conversation", "messages")

    op.drop_table("messages")
    op.drop_index("ix_jobs_queue", "jobs")
    op.drop_index("ix_jobs_owner_status", "jobs")
    op.drop_index("ix_jobs_owner_project", "jobs")
    op.drop_index("ix_jobs_owner_kind", "jobs")
    op.drop_index("ix_jobs_owner", "jobs")

    op.drop_table("jobs")
    op.drop_index("ix_idempotency_keys_created", "idempotency_keys")

    op.drop_table("idempotency_keys")
    op.drop_table("deleted_assets")
    op.drop_index("ix_conversations_owner", "conversations")

    op.drop_table("conversations")
    op.drop_index("ix_assets_owner_project", "assets")
    op.drop_index("ix_assets_owner_kind", "assets")
    op.drop_index("ix_assets_owner", "assets")
    op.drop_index("ix_assets_job", "assets")

    op.drop_table("assets")
