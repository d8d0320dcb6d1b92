"""Garbage collection for processes that serve."""

import gc


def settle_garbage() -> None:
    """Make collection rare and short: what is loaded by now stays, so it is not looked through again, and the many
    short-lived objects of a job, call or request are freed without it."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
