"""Fixtures of the service suites."""

from tests.service.gateway_rig import ann, bob, rig

__all__ = ["ann", "bob", "rig"]
