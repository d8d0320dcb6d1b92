"""A service that has some of its contract's methods, for tests that are about those."""

from types import MethodType
from typing import Any

from services.kit.contract import contract
from services.kit.failures import Failure
from services.kit.host import Service, method
from services.kit.settings import ServiceSettings


class PartialService(Service):
    """Refuses the methods that its subclass does not define, so that a method more in the contract breaks no test."""

    def __init__(self, settings: ServiceSettings) -> None:
        super().__init__(settings)
        for missing in contract.of_service(self.name):
            if not hasattr(self, missing.name):
                setattr(self, missing.name, MethodType(_refuse, self))


@method
async def _refuse(self: Service, request: Any, work: Any) -> Any:
    raise Failure(f"This stand-in for {self.name} has no such method.", code="not_implemented")
