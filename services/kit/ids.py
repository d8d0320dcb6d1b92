"""Ids: ULIDs, so that sorting by id is sorting by time (https://github.com/ulid/spec)."""

import hashlib

from ulid import ULID


def new_ulid() -> str:
    """A fresh ULID, 26 characters."""
    return str(ULID())


def asset_id(job_id: str, index: int) -> str:
    """The ULID of a job's output: the job's time and a hash of job and index, so that making it twice makes one
    asset."""
    time_part = ULID.from_str(job_id).bytes[:6]
    return str(ULID(time_part + hashlib.sha256(f"{job_id}/{index}".encode()).digest()[:10]))
