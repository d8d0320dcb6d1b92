from google.protobuf import descriptor_pb2 as _descriptor_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Lane(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    LANE_UNSPECIFIED: _ClassVar[Lane]
    LANE_JOB: _ClassVar[Lane]
    LANE_CALL: _ClassVar[Lane]
LANE_UNSPECIFIED: Lane
LANE_JOB: Lane
LANE_CALL: Lane
POLICY_FIELD_NUMBER: _ClassVar[int]
policy: _descriptor.FieldDescriptor
LIKE_FIELD_NUMBER: _ClassVar[int]
like: _descriptor.FieldDescriptor
RULES_FIELD_NUMBER: _ClassVar[int]
rules: _descriptor.FieldDescriptor

class Policy(_message.Message):
    __slots__ = ("lane", "ack_wait_s", "max_deliver", "backoff_s", "timeout_s", "concurrency", "result", "pausable")
    LANE_FIELD_NUMBER: _ClassVar[int]
    ACK_WAIT_S_FIELD_NUMBER: _ClassVar[int]
    MAX_DELIVER_FIELD_NUMBER: _ClassVar[int]
    BACKOFF_S_FIELD_NUMBER: _ClassVar[int]
    TIMEOUT_S_FIELD_NUMBER: _ClassVar[int]
    CONCURRENCY_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    PAUSABLE_FIELD_NUMBER: _ClassVar[int]
    lane: Lane
    ack_wait_s: int
    max_deliver: int
    backoff_s: _containers.RepeatedScalarFieldContainer[int]
    timeout_s: int
    concurrency: int
    result: str
    pausable: bool
    def __init__(self, lane: _Optional[_Union[Lane, str]] = ..., ack_wait_s: _Optional[int] = ..., max_deliver: _Optional[int] = ..., backoff_s: _Optional[_Iterable[int]] = ..., timeout_s: _Optional[int] = ..., concurrency: _Optional[int] = ..., result: _Optional[str] = ..., pausable: _Optional[bool] = ...) -> None: ...

class Rules(_message.Message):
    __slots__ = ("minimum", "maximum", "multiple_of", "min_length", "max_length", "pattern", "default", "unit", "example", "required", "min_items", "max_items", "reference")
    MINIMUM_FIELD_NUMBER: _ClassVar[int]
    MAXIMUM_FIELD_NUMBER: _ClassVar[int]
    MULTIPLE_OF_FIELD_NUMBER: _ClassVar[int]
    MIN_LENGTH_FIELD_NUMBER: _ClassVar[int]
    MAX_LENGTH_FIELD_NUMBER: _ClassVar[int]
    PATTERN_FIELD_NUMBER: _ClassVar[int]
    DEFAULT_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    EXAMPLE_FIELD_NUMBER: _ClassVar[int]
    REQUIRED_FIELD_NUMBER: _ClassVar[int]
    MIN_ITEMS_FIELD_NUMBER: _ClassVar[int]
    MAX_ITEMS_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    minimum: float
    maximum: float
    multiple_of: float
    min_length: int
    max_length: int
    pattern: str
    default: str
    unit: str
    example: str
    required: bool
    min_items: int
    max_items: int
    reference: str
    def __init__(self, minimum: _Optional[float] = ..., maximum: _Optional[float] = ..., multiple_of: _Optional[float] = ..., min_length: _Optional[int] = ..., max_length: _Optional[int] = ..., pattern: _Optional[str] = ..., default: _Optional[str] = ..., unit: _Optional[str] = ..., example: _Optional[str] = ..., required: _Optional[bool] = ..., min_items: _Optional[int] = ..., max_items: _Optional[int] = ..., reference: _Optional[str] = ...) -> None: ...
