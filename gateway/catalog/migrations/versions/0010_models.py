"""Models of the registry and their use"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010_models"
down_revision = "0009_presets"
branch_labels = None
depends_on = None

document: sa.JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "models",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("owner_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("family", sa.String(length=32), nullable=False),
        sa.Column("source", sa.String(length=2000), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("error", document, nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("files", sa.Integer(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("alpha", sa.Float(), nullable=True),
        sa.Column("base_model", sa.String(length=200), nullable=False),
        sa.Column("trigger_words", document, nullable=False),
        sa.Column("description", sa.String(length=2000), nullable=False),
        sa.Column("tags", document, nullable=False),
        sa.Column("favourite", sa.Boolean(), nullable=False),
        sa.Column("preview_asset_id", sa.String(length=26), nullable=True),
        sa.Column("job_id", sa.String(length=26), nullable=True),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("updated_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_models_owner", "models", ["owner_id", "id"])
    op.create_index("ux_models_owner_name", "models", ["owner_id", "name"], unique=True)
    op.create_index("ix_models_sha256", "models", ["sha256"])

    op.create_table(
        "model_uses",
        sa.Column("owner_id", sa.String(length=64), nullable=False),
        sa.Column("model", sa.String(length=128), nullable=False),
        sa.Column("uses", sa.BigInteger(), nullable=False),
        sa.Column("last_used_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("owner_id", "model"),
    )


def downgrade() -> None:
    op.drop_table("model_uses")
    op.drop_table("models")
