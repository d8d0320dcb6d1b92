"""Alembic scripts of the catalog."""
