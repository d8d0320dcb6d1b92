"""The whole studio on one machine: `python -m infra.local`."""
