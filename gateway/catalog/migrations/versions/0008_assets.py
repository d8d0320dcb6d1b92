"""Assets that can be found: an order of their own, words, tags, favourites; boards; what is left of deleted ones"""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

# How words are told apart may change later, and whoever changes it has to make all of them anew.
from gateway.catalog.words import words_of

revision = "0008_assets"
down_revision = "0007_video"
branch_labels = None
depends_on = None

document: sa.JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
moment = sa.DateTime(timezone=True)
whole = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

_BATCH = 1_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ROOM = 2048
_FOUND = ("ix_assets_owner", "ix_assets_owner_kind", "ix_assets_owner_project", "ix_assets_job")
_COPIED = (
    "id",
    "owner_id",
    "project_id",
    "job_id",
    "kind",
    "key",
    "name",
    "content_type",
    "size",
    "sha256",
    "index",
    "width",
    "height",
    "duration_s",
    "provenance",
    "created_at",
)
_MADE = ("seq", "source", "model", "tags", "favourite", "words", "expires_at")
_Row = dict[str, Any]


def upgrade() -> None:
    for index in _FOUND:
        op.drop_index(index, "assets")
    op.rename_table("assets", "assets_before")
    _copy(_create_assets())
    op.drop_table("assets_before")
    _create_indices()
    _index_words()

    op.create_table(
        "asset_tags",
        sa.Column("asset_id", sa.String(length=26), nullable=False),
        sa.Column("tag", sa.String(length=40), nullable=False),
        sa.Column("owner_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["asset_id"], ["assets.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("asset_id", "tag"),
    )
    op.create_index("ix_asset_tags_owner", "asset_tags", ["owner_id", "tag"])

    op.create_table(
        "boards",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("owner_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("cover_id", sa.String(length=26), nullable=True),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("updated_at", moment, nullable=False),
        sa.ForeignKeyConstraint(["cover_id"], ["assets.id"], ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_boards_owner", "boards", ["owner_id", "id"])
    op.create_index("ux_boards_owner_name", "boards", ["owner_id", "name"], unique=True)
    op.create_index("ix_boards_cover", "boards", ["cover_id"])

    op.create_table(
        "board_assets",
        sa.Column("board_id", sa.String(length=26), nullable=False),
        sa.Column("asset_id", sa.String(length=26), nullable=False),
        sa.Column("added", sa.String(length=26), nullable=False),
        sa.ForeignKeyConstraint(["board_id"], ["boards.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["asset_id"], ["assets.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("board_id", "asset_id"),
    )
    op.create_index("ix_board_assets_order", "board_assets", ["board_id", "added"])
    op.create_index("ix_board_assets_asset", "board_assets", ["asset_id"])

    op.add_column("deleted_assets", sa.Column("keys", document, nullable=True))
    left = sa.text("keys IS NOT NULL")
    op.create_index(
        "ix_deleted_assets_left", "deleted_assets", ["deleted_at"], sqlite_where=left, postgresql_where=left
    )


def _create_assets() -> sa.Table:
    return op.create_table(
        "assets",
        sa.Column("seq", whole, autoincrement=False, nullable=False),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("owner_id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=True),
        sa.Column("job_id", sa.String(length=26), nullable=True),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("key", sa.String(length=512), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("content_type", sa.String(length=128), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("index", sa.Integer(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("duration_s", sa.Float(), nullable=False, server_default="0"),
        sa.Column("provenance", document, nullable=False),
        sa.Column("model", sa.String(length=256), nullable=False),
        sa.Column("tags", document, nullable=False),
        sa.Column("favourite", sa.Boolean(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("expires_at", moment, nullable=True),
        sa.Column("created_at", moment, nullable=False),
        # The table before this one had the name that PostgreSQL would choose.
        sa.PrimaryKeyConstraint("seq", name="pk_assets_seq"),
        sa.UniqueConstraint("id", name="ux_assets_id"),
    )


def _copy(after: sa.Table) -> None:
    connection = op.get_bind()
    before = sa.table("assets_before", *(sa.column(name, after.c[name].type) for name in _COPIED))
    last, taken = "", set[int]()
    while True:
        query = sa.select(before).where(before.c.id > last).order_by(before.c.id).limit(_BATCH)
        found = [_complete(dict(row)) for row in connection.execute(query).mappings()]
        if not found:
            return
        for row in found:
            while row["seq"] in taken:
                row["seq"] += 1
            taken.add(row["seq"])
        connection.execute(sa.insert(after), found)
        last = found[-1]["id"]


def _complete(row: _Row) -> _Row:
    created = row["created_at"]
    # SQLite keeps no time zone; all times are UTC.
    since = (created if created.tzinfo else created.replace(tzinfo=UTC)) - _EPOCH
    digest = hashlib.blake2b(row["id"].encode(), digest_size=4).digest()
    model = row["provenance"].get("model")
    made: _Row = {
        **row,
        "seq": max(since // timedelta(microseconds=1), 0) * _ROOM + int.from_bytes(digest) % _ROOM,
        "source": "generated" if row["job_id"] else "uploaded",
        "model": model[:256] if isinstance(model, str) else "",
        "tags": [],
        "favourite": False,
        "expires_at": None,
    }
    return {**made, "words": words_of(made)}


def _create_indices() -> None:
    op.create_index("ix_assets_owner", "assets", ["owner_id", "seq", "size"])
    op.create_index("ix_assets_owner_kind", "assets", ["owner_id", "kind", "seq"])
    op.create_index("ix_assets_owner_model", "assets", ["owner_id", "model", "seq"])
    op.create_index("ix_assets_owner_project", "assets", ["owner_id", "project_id", "seq"])
    op.create_index("ix_assets_owner_size", "assets", ["owner_id", "size", "seq"])
    op.create_index("ix_assets_figures", "assets", ["owner_id", "kind", "source", "size"])
    op.create_index("ix_assets_job", "assets", ["job_id", "index"])
    op.create_index("ix_assets_expiry", "assets", ["expires_at"])


def _index_words() -> None:
    if op.get_bind().dialect.name == "postgresql":
        lexemes = "array_to_tsvector(string_to_array(words, ' '))"
        op.execute(f"ALTER TABLE assets ADD COLUMN lexemes tsvector GENERATED ALWAYS AS ({lexemes}) STORED")
        op.execute("CREATE INDEX ix_assets_lexemes ON assets USING gin (lexemes)")
        return
    # The words stay in `assets`; this is only the index. `ascii` takes every character beyond ASCII as part of a word,
    # which is how the words were made.
    op.execute(
        "CREATE VIRTUAL TABLE asset_words USING fts5(words, content='assets', content_rowid='seq', "
        "tokenize='ascii', detail='none', columnsize=0, prefix='1 2 3')"
    )
    op.execute("CREATE VIRTUAL TABLE asset_vocabulary USING fts5vocab(asset_words, instance)")
    op.execute("INSERT INTO asset_words(asset_words) VALUES ('rebuild')")
    add = "INSERT INTO asset_words(rowid, words) VALUES (new.seq, new.words);"
    take = "INSERT INTO asset_words(asset_words, rowid, words) VALUES ('delete', old.seq, old.words);"
    op.execute(f"CREATE TRIGGER asset_words_insert AFTER INSERT ON assets BEGIN {add} END")
    op.execute(f"CREATE TRIGGER asset_words_delete AFTER DELETE ON assets BEGIN {take} END")
    op.execute(f"CREATE TRIGGER asset_words_update AFTER UPDATE OF words, seq ON assets BEGIN {take} {add} END")


def downgrade() -> None:
    op.drop_index("ix_deleted_assets_left", "deleted_assets")
    op.drop_column("deleted_assets", "keys")
    for table in ("board_assets", "boards", "asset_tags"):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.drop_index("ix_assets_lexemes", "assets")
        op.drop_column("assets", "lexemes")
    else:
        for trigger in ("insert", "delete", "update"):
            op.execute(f"DROP TRIGGER asset_words_{trigger}")
        op.execute("DROP TABLE asset_vocabulary")
        op.execute("DROP TABLE asset_words")
    for index in (*_FOUND, "ix_assets_owner_model", "ix_assets_owner_size", "ix_assets_figures", "ix_assets_expiry"):
        op.drop_index(index, "assets")
    with op.batch_alter_table("assets") as batch:
        batch.drop_constraint("pk_assets_seq", type_="primary")
        batch.drop_constraint("ux_assets_id", type_="unique")
        for column in _MADE:
            batch.drop_column(column)
        batch.create_primary_key("assets_pkey", ["id"])
    op.create_index("ix_assets_job", "assets", ["job_id", "index"])
    for name, field in (("ix_assets_owner_kind", "kind"), ("ix_assets_owner_project", "project_id")):
        op.create_index(name, "assets", ["owner_id", field, "id"])
    op.create_index("ix_assets_owner", "assets", ["owner_id", "id"])
