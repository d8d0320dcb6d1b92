"""The contract at run time: methods with their lanes and limits, read from the descriptors.

From each message one pydantic model is derived. The gateway validates with it and shows it in OpenAPI, the host
validates again, so the two cannot disagree.
"""

import functools
import importlib
import importlib.resources
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.descriptor import Descriptor, MethodDescriptor, ServiceDescriptor
from google.protobuf.message import Message
from pydantic import BaseModel, ValidationError

from atelier.v1 import options_pb2
from services.kit import convert, schema
from services.kit.failures import BadInput, FieldFault

_PACKAGE = "atelier.v1"
_FILES = ("common", "chat", "diffusion", "training", "collection", "builder", "monitoring")


@dataclass(frozen=True)
class Method:
    """One method of a service: how it travels and what goes in and out."""

    kind: str
    """`<service>.<method>`, the job's kind and the end of its bus subject."""
    service: str
    name: str
    doc: str
    policy: options_pb2.Policy
    request_type: type[Message]
    response_type: type[Message]
    """What the method answers with: the event stream for jobs, else its own message."""
    result_type: type[Message] | None
    """What a job completes with."""
    streams: bool
    grpc_path: str

    @property
    def is_job(self) -> bool:
        """True if requests are stored and answered by a journal."""
        return self.policy.lane == options_pb2.LANE_JOB


def snake(name: str) -> str:
    """`TextToImage` → `text_to_image`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


class Contract:
    """All methods and messages of `atelier.v1`."""

    def __init__(self) -> None:
        """Read the generated descriptors; comments come from the descriptor set beside them."""
        files = [importlib.import_module(f"{_PACKAGE}.{name}_pb2").DESCRIPTOR for name in _FILES]
        data = importlib.resources.files(_PACKAGE).joinpath("contract.binpb").read_bytes()
        self.docs = schema.comments(descriptor_pb2.FileDescriptorSet.FromString(data))
        services = [service for file in files for service in file.services_by_name.values()]
        self.services: Mapping[str, ServiceDescriptor] = MappingProxyType({snake(s.name): s for s in services})
        self.methods: Mapping[str, Method] = MappingProxyType(
            {m.kind: m for s in services for m in (self._method(s, d) for d in s.methods)}
        )
        self._models: dict[str, type[BaseModel]] = {}

    def _method(self, service: ServiceDescriptor, method: MethodDescriptor) -> Method:
        policy = schema.extension(method, options_pb2.policy, options_pb2.Policy)
        name = snake(method.name)
        return Method(
            kind=f"{snake(service.name)}.{name}",
            service=snake(service.name),
            name=name,
            doc=self.docs.get(method.full_name, ""),
            policy=policy,
            request_type=message_factory.GetMessageClass(method.input_type),
            response_type=message_factory.GetMessageClass(method.output_type),
            result_type=_message_type(policy.result) if policy.result else None,
            streams=bool(method.server_streaming),
            grpc_path=f"/{service.full_name}/{method.name}",
        )

    def of_service(self, service: str) -> tuple[Method, ...]:
        """The methods of one service."""
        return tuple(m for m in self.methods.values() if m.service == service)

    def doc(self, full_name: str) -> str:
        """The comment of a message, field or method in the contract, e.g. `atelier.v1.TextToImageRequest.steps`."""
        return self.docs.get(full_name, "")

    def model(self, message_type: type[Message] | Descriptor) -> type[BaseModel]:
        """The pydantic model of a message: docs, limits, defaults; enums as lower-case words; unknown fields
        forbidden."""
        descriptor = message_type if isinstance(message_type, Descriptor) else schema.descriptor_of(message_type)
        if descriptor.full_name not in self._models:
            self._models[descriptor.full_name] = schema.derive(descriptor, self.docs, self.model)
        return self._models[descriptor.full_name]

    def message(self, instance: BaseModel, message_type: type[Message]) -> Message:
        """The protobuf message of a validated model instance."""
        message = message_type()
        convert.fill(message, instance)
        return message

    def parse(self, message_type: type[Message], data: Mapping[str, Any]) -> Message:
        """Validate plain data and make the message; raises `BadInput` naming every field at fault."""
        try:
            instance = self.model(message_type).model_validate(data)
        except ValidationError as error:
            raise bad_input(error) from None
        return self.message(instance, message_type)

    def complete(self, message: Message) -> Message:
        """Validate a message that came over the bus or gRPC and fill in its defaults; raises `BadInput`."""
        try:
            instance = self.model(type(message)).model_validate(convert.given(message))
        except ValidationError as error:
            raise bad_input(error) from None
        whole = type(message)()
        whole.CopyFrom(message)
        convert.fill_defaults(whole, instance)
        return whole

    def word(self, message: Message, field: str) -> str:
        """The value of an enum field as the API writes it; "" = unspecified, or one this version does not know."""
        return convert.enum_word(schema.descriptor_of(message).fields_by_name[field], getattr(message, field))

    def to_json(self, message: Message) -> dict[str, Any]:
        """Plain JSON data: snake_case, enums as words, bytes as base64, `Any` unpacked, times as RFC 3339."""
        return convert.to_json(message)


def bad_input(error: ValidationError) -> BadInput:
    """A pydantic error as a failure with one entry per field."""
    faults = tuple(
        FieldFault(".".join(str(part) for part in fault["loc"]) or "body", fault["msg"])
        for fault in error.errors(include_url=False, include_context=False, include_input=False)
    )
    return BadInput("; ".join(f"{f.field}: {f.message}" for f in faults), fields=faults)


def _message_type(full_name: str) -> type[Message]:
    return message_factory.GetMessageClass(descriptor_pool.Default().FindMessageTypeByName(full_name))


@functools.cache
def load() -> Contract:
    """The one contract of this process."""
    return Contract()


contract = load()
