"""Fixtures of the service suites."""

from collections.abc import AsyncIterator

import pytest

from services.kit.settings import Settings
from tests.service.gateway_rig import ann, bob, rig
from tests.service.kit_rig import Site, site_on

__all__ = ["ann", "bob", "rig", "site"]


@pytest.fixture
async def site(kit_settings: Settings) -> AsyncIterator[Site]:
    """The kit on the bus and object storage of this test run, with a pool of its own."""
    async with site_on(kit_settings) as made:
        yield made
