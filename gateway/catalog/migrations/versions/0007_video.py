"""How long assets play"""

import sqlalchemy as sa
from alembic import op

revision = "0007_video"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("assets", sa.Column("duration_s", sa.Float(), nullable=False, server_default="0"))


def downgrade() -> None:
    op.drop_column("assets", "duration_s")
