"""Requests for generation as the API takes them: the contract's, and what only the gateway knows."""

from typing import Annotated, Any

from pydantic import BaseModel, Field, create_model

from gateway.preset_schemas import Variables
from services.kit.contract import Method, contract

ProjectId = Annotated[str | None, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$", description="The project it belongs to.")]
PresetName = Annotated[
    str | None, Field(max_length=100, description="A style preset to apply, its id or its name; empty = none.")
]
PresetVariables = Annotated[Variables, Field(description="What the gaps of the preset's template are filled with.")]
OURS = ("project_id", "preset", "preset_variables")
"""What the API takes besides, and the service does not."""


def request_model(method: Method) -> type[BaseModel]:
    """The contract's request as the API takes it: with the project it belongs to, and the preset of a prompt."""
    base = contract.model(method.request_type)
    ours: dict[str, Any] = {"project_id": (ProjectId, None)}
    if "prompt" in base.model_fields:
        ours |= {"preset": (PresetName, None), "preset_variables": (PresetVariables, Field(default_factory=dict))}
    return create_model(base.__name__, __base__=base, __doc__=base.__doc__, **ours)


def request_message(method: Method, body: BaseModel) -> Any:
    """The service's request out of a validated body."""
    values = {name: value for name, value in vars(body).items() if name not in OURS}
    return contract.message(contract.model(method.request_type).model_construct(**values), method.request_type)
