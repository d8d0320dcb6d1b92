"""Who answered, attachments, ratings; prompt templates"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

document: sa.JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("messages", sa.Column("answered_by", document, nullable=True))
    op.add_column("messages", sa.Column("attachments", document, nullable=True))
    op.add_column("messages", sa.Column("rating", sa.Integer(), nullable=True))
    op.create_index("ix_messages_rated", "messages", ["owner_id", "rating"])

    op.create_table(
        "prompts",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("owner_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("description", sa.String(length=500), nullable=False),
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("tags", document, nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("updated_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_prompts_owner", "prompts", ["owner_id", "id"])
    op.create_index("ux_prompts_owner_name", "prompts", ["owner_id", "name"], unique=True)


def downgrade() -> None:
    op.drop_table("prompts")
    op.drop_index("ix_messages_rated", "messages")
    for column in ("rating", "attachments", "answered_by"):
        op.drop_column("messages", column)
