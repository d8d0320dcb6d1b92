"""Alembic's entry. It runs inside the transaction that `gateway.catalog.migrate` opened."""

from alembic import context
from sqlalchemy import Connection

from gateway.catalog.models import Base


def run(connection: Connection) -> None:
    """Migrate over an open connection."""
    context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True, compare_type=True)
    context.run_migrations()


run(context.config.attributes["connection"])
