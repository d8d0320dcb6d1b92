"""Style presets, and the phrases of owners' prompts"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009_presets"
down_revision = "0008_assets"
branch_labels = None
depends_on = None

document: sa.JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "presets",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("owner_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("description", sa.String(length=500), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("category", sa.String(length=40), nullable=False),
        sa.Column("template", sa.Text(), nullable=False),
        sa.Column("negative_prompt", sa.Text(), nullable=False),
        sa.Column("settings", document, nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("updated_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_presets_owner", "presets", ["owner_id", "id"])
    op.create_index("ux_presets_owner_name", "presets", ["owner_id", "name"], unique=True)

    op.create_table(
        "phrases",
        sa.Column("owner_id", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("text", sa.String(length=200), nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.Column("heat", sa.Float(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("owner_id", "key"),
    )
    op.create_index("ix_phrases_revision", "phrases", ["owner_id", "revision"])

    op.create_table(
        "phrase_books",
        sa.Column("owner_id", sa.String(length=64), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("edition", sa.BigInteger(), nullable=False),
        sa.Column("phrases", sa.Integer(), nullable=False),
        sa.Column("prompts", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("owner_id"),
    )

    # What was asked before is learned too, in the background.
    op.add_column("jobs", sa.Column("learned", sa.Boolean(), nullable=False, server_default=sa.true()))
    jobs = sa.table("jobs", sa.column("learned", sa.Boolean), sa.column("service", sa.String))
    op.execute(jobs.update().where(jobs.c.service == "diffusion").values(learned=False))
    op.create_index(
        "ix_jobs_unlearned",
        "jobs",
        ["id"],
        sqlite_where=sa.text("NOT learned"),
        postgresql_where=sa.text("NOT learned"),
    )


def downgrade() -> None:
    op.drop_index("ix_jobs_unlearned", "jobs")
    op.drop_column("jobs", "learned")
    op.drop_table("phrase_books")
    op.drop_index("ix_phrases_revision", "phrases")
    op.drop_table("phrases")
    op.drop_index("ux_presets_owner_name", "presets")
    op.drop_index("ix_presets_owner", "presets")
    op.drop_table("presets")
