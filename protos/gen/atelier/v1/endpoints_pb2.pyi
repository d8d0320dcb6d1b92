import datetime

from atelier.v1 import options_pb2 as _options_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class EndpointKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ENDPOINT_KIND_UNSPECIFIED: _ClassVar[EndpointKind]
    ENDPOINT_KIND_LM_STUDIO: _ClassVar[EndpointKind]
    ENDPOINT_KIND_OLLAMA: _ClassVar[EndpointKind]
    ENDPOINT_KIND_VLLM: _ClassVar[EndpointKind]
    ENDPOINT_KIND_OPENAI: _ClassVar[EndpointKind]
    ENDPOINT_KIND_OPENAI_COMPATIBLE: _ClassVar[EndpointKind]
    ENDPOINT_KIND_GEMINI: _ClassVar[EndpointKind]
    ENDPOINT_KIND_ANTHROPIC: _ClassVar[EndpointKind]
    ENDPOINT_KIND_EMBEDDED: _ClassVar[EndpointKind]

class EndpointStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ENDPOINT_STATUS_UNSPECIFIED: _ClassVar[EndpointStatus]
    ENDPOINT_STATUS_UNKNOWN: _ClassVar[EndpointStatus]
    ENDPOINT_STATUS_HEALTHY: _ClassVar[EndpointStatus]
    ENDPOINT_STATUS_DEGRADED: _ClassVar[EndpointStatus]
    ENDPOINT_STATUS_OFFLINE: _ClassVar[EndpointStatus]
ENDPOINT_KIND_UNSPECIFIED: EndpointKind
ENDPOINT_KIND_LM_STUDIO: EndpointKind
ENDPOINT_KIND_OLLAMA: EndpointKind
ENDPOINT_KIND_VLLM: EndpointKind
ENDPOINT_KIND_OPENAI: EndpointKind
ENDPOINT_KIND_OPENAI_COMPATIBLE: EndpointKind
ENDPOINT_KIND_GEMINI: EndpointKind
ENDPOINT_KIND_ANTHROPIC: EndpointKind
ENDPOINT_KIND_EMBEDDED: EndpointKind
ENDPOINT_STATUS_UNSPECIFIED: EndpointStatus
ENDPOINT_STATUS_UNKNOWN: EndpointStatus
ENDPOINT_STATUS_HEALTHY: EndpointStatus
ENDPOINT_STATUS_DEGRADED: EndpointStatus
ENDPOINT_STATUS_OFFLINE: EndpointStatus

class Endpoint(_message.Message):
    __slots__ = ("id", "name", "kind", "base_url", "model", "sealed_key", "tags", "enabled")
    ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    BASE_URL_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    SEALED_KEY_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    ENABLED_FIELD_NUMBER: _ClassVar[int]
    id: str
    name: str
    kind: EndpointKind
    base_url: str
    model: str
    sealed_key: bytes
    tags: _containers.RepeatedScalarFieldContainer[str]
    enabled: bool
    def __init__(self, id: _Optional[str] = ..., name: _Optional[str] = ..., kind: _Optional[_Union[EndpointKind, str]] = ..., base_url: _Optional[str] = ..., model: _Optional[str] = ..., sealed_key: _Optional[bytes] = ..., tags: _Optional[_Iterable[str]] = ..., enabled: _Optional[bool] = ...) -> None: ...

class TaskRule(_message.Message):
    __slots__ = ("task", "endpoint_id", "model")
    TASK_FIELD_NUMBER: _ClassVar[int]
    ENDPOINT_ID_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    task: str
    endpoint_id: str
    model: str
    def __init__(self, task: _Optional[str] = ..., endpoint_id: _Optional[str] = ..., model: _Optional[str] = ...) -> None: ...

class Routing(_message.Message):
    __slots__ = ("active", "fallback", "task_rules", "local_first_token_s", "cloud_first_token_s", "retries", "cool_down_s", "long_context_tokens")
    ACTIVE_FIELD_NUMBER: _ClassVar[int]
    FALLBACK_FIELD_NUMBER: _ClassVar[int]
    TASK_RULES_FIELD_NUMBER: _ClassVar[int]
    LOCAL_FIRST_TOKEN_S_FIELD_NUMBER: _ClassVar[int]
    CLOUD_FIRST_TOKEN_S_FIELD_NUMBER: _ClassVar[int]
    RETRIES_FIELD_NUMBER: _ClassVar[int]
    COOL_DOWN_S_FIELD_NUMBER: _ClassVar[int]
    LONG_CONTEXT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    active: str
    fallback: _containers.RepeatedScalarFieldContainer[str]
    task_rules: _containers.RepeatedCompositeFieldContainer[TaskRule]
    local_first_token_s: float
    cloud_first_token_s: float
    retries: int
    cool_down_s: float
    long_context_tokens: int
    def __init__(self, active: _Optional[str] = ..., fallback: _Optional[_Iterable[str]] = ..., task_rules: _Optional[_Iterable[_Union[TaskRule, _Mapping]]] = ..., local_first_token_s: _Optional[float] = ..., cloud_first_token_s: _Optional[float] = ..., retries: _Optional[int] = ..., cool_down_s: _Optional[float] = ..., long_context_tokens: _Optional[int] = ...) -> None: ...

class OwnerEndpoints(_message.Message):
    __slots__ = ("endpoints", "routing")
    ENDPOINTS_FIELD_NUMBER: _ClassVar[int]
    ROUTING_FIELD_NUMBER: _ClassVar[int]
    endpoints: _containers.RepeatedCompositeFieldContainer[Endpoint]
    routing: Routing
    def __init__(self, endpoints: _Optional[_Iterable[_Union[Endpoint, _Mapping]]] = ..., routing: _Optional[_Union[Routing, _Mapping]] = ...) -> None: ...

class EndpointModel(_message.Message):
    __slots__ = ("id", "context_length", "created")
    ID_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_LENGTH_FIELD_NUMBER: _ClassVar[int]
    CREATED_FIELD_NUMBER: _ClassVar[int]
    id: str
    context_length: int
    created: int
    def __init__(self, id: _Optional[str] = ..., context_length: _Optional[int] = ..., created: _Optional[int] = ...) -> None: ...

class HealthSample(_message.Message):
    __slots__ = ("time", "status", "latency_ms")
    TIME_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    LATENCY_MS_FIELD_NUMBER: _ClassVar[int]
    time: _timestamp_pb2.Timestamp
    status: EndpointStatus
    latency_ms: float
    def __init__(self, time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., status: _Optional[_Union[EndpointStatus, str]] = ..., latency_ms: _Optional[float] = ...) -> None: ...

class EndpointHealth(_message.Message):
    __slots__ = ("status", "latency_ms", "checked_at", "detail", "code", "models", "history", "cooling_until", "cooling_reason", "cooling_code", "claimed_at")
    STATUS_FIELD_NUMBER: _ClassVar[int]
    LATENCY_MS_FIELD_NUMBER: _ClassVar[int]
    CHECKED_AT_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    MODELS_FIELD_NUMBER: _ClassVar[int]
    HISTORY_FIELD_NUMBER: _ClassVar[int]
    COOLING_UNTIL_FIELD_NUMBER: _ClassVar[int]
    COOLING_REASON_FIELD_NUMBER: _ClassVar[int]
    COOLING_CODE_FIELD_NUMBER: _ClassVar[int]
    CLAIMED_AT_FIELD_NUMBER: _ClassVar[int]
    status: EndpointStatus
    latency_ms: float
    checked_at: _timestamp_pb2.Timestamp
    detail: str
    code: str
    models: _containers.RepeatedCompositeFieldContainer[EndpointModel]
    history: _containers.RepeatedCompositeFieldContainer[HealthSample]
    cooling_until: _timestamp_pb2.Timestamp
    cooling_reason: str
    cooling_code: str
    claimed_at: _timestamp_pb2.Timestamp
    def __init__(self, status: _Optional[_Union[EndpointStatus, str]] = ..., latency_ms: _Optional[float] = ..., checked_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., detail: _Optional[str] = ..., code: _Optional[str] = ..., models: _Optional[_Iterable[_Union[EndpointModel, _Mapping]]] = ..., history: _Optional[_Iterable[_Union[HealthSample, _Mapping]]] = ..., cooling_until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., cooling_reason: _Optional[str] = ..., cooling_code: _Optional[str] = ..., claimed_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class TestEndpointRequest(_message.Message):
    __slots__ = ("endpoint",)
    ENDPOINT_FIELD_NUMBER: _ClassVar[int]
    endpoint: Endpoint
    def __init__(self, endpoint: _Optional[_Union[Endpoint, _Mapping]] = ...) -> None: ...

class TestEndpointResponse(_message.Message):
    __slots__ = ("status", "latency_ms", "models", "code", "detail", "hint", "base_url")
    STATUS_FIELD_NUMBER: _ClassVar[int]
    LATENCY_MS_FIELD_NUMBER: _ClassVar[int]
    MODELS_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    HINT_FIELD_NUMBER: _ClassVar[int]
    BASE_URL_FIELD_NUMBER: _ClassVar[int]
    status: EndpointStatus
    latency_ms: float
    models: _containers.RepeatedCompositeFieldContainer[EndpointModel]
    code: str
    detail: str
    hint: str
    base_url: str
    def __init__(self, status: _Optional[_Union[EndpointStatus, str]] = ..., latency_ms: _Optional[float] = ..., models: _Optional[_Iterable[_Union[EndpointModel, _Mapping]]] = ..., code: _Optional[str] = ..., detail: _Optional[str] = ..., hint: _Optional[str] = ..., base_url: _Optional[str] = ...) -> None: ...

class DiscoverEndpointsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class DiscoveredEndpoint(_message.Message):
    __slots__ = ("kind", "base_url", "models", "latency_ms")
    KIND_FIELD_NUMBER: _ClassVar[int]
    BASE_URL_FIELD_NUMBER: _ClassVar[int]
    MODELS_FIELD_NUMBER: _ClassVar[int]
    LATENCY_MS_FIELD_NUMBER: _ClassVar[int]
    kind: EndpointKind
    base_url: str
    models: _containers.RepeatedCompositeFieldContainer[EndpointModel]
    latency_ms: float
    def __init__(self, kind: _Optional[_Union[EndpointKind, str]] = ..., base_url: _Optional[str] = ..., models: _Optional[_Iterable[_Union[EndpointModel, _Mapping]]] = ..., latency_ms: _Optional[float] = ...) -> None: ...

class DiscoverEndpointsResponse(_message.Message):
    __slots__ = ("endpoints",)
    ENDPOINTS_FIELD_NUMBER: _ClassVar[int]
    endpoints: _containers.RepeatedCompositeFieldContainer[DiscoveredEndpoint]
    def __init__(self, endpoints: _Optional[_Iterable[_Union[DiscoveredEndpoint, _Mapping]]] = ...) -> None: ...

class BenchmarkEndpointRequest(_message.Message):
    __slots__ = ("endpoint_id", "model", "tokens", "concurrency")
    ENDPOINT_ID_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    TOKENS_FIELD_NUMBER: _ClassVar[int]
    CONCURRENCY_FIELD_NUMBER: _ClassVar[int]
    endpoint_id: str
    model: str
    tokens: int
    concurrency: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, endpoint_id: _Optional[str] = ..., model: _Optional[str] = ..., tokens: _Optional[int] = ..., concurrency: _Optional[_Iterable[int]] = ...) -> None: ...

class BenchmarkLevel(_message.Message):
    __slots__ = ("concurrency", "requests", "failed", "first_token_p50_ms", "first_token_p95_ms", "latency_p50_ms", "tokens_per_s", "estimated")
    CONCURRENCY_FIELD_NUMBER: _ClassVar[int]
    REQUESTS_FIELD_NUMBER: _ClassVar[int]
    FAILED_FIELD_NUMBER: _ClassVar[int]
    FIRST_TOKEN_P50_MS_FIELD_NUMBER: _ClassVar[int]
    FIRST_TOKEN_P95_MS_FIELD_NUMBER: _ClassVar[int]
    LATENCY_P50_MS_FIELD_NUMBER: _ClassVar[int]
    TOKENS_PER_S_FIELD_NUMBER: _ClassVar[int]
    ESTIMATED_FIELD_NUMBER: _ClassVar[int]
    concurrency: int
    requests: int
    failed: int
    first_token_p50_ms: float
    first_token_p95_ms: float
    latency_p50_ms: float
    tokens_per_s: float
    estimated: bool
    def __init__(self, concurrency: _Optional[int] = ..., requests: _Optional[int] = ..., failed: _Optional[int] = ..., first_token_p50_ms: _Optional[float] = ..., first_token_p95_ms: _Optional[float] = ..., latency_p50_ms: _Optional[float] = ..., tokens_per_s: _Optional[float] = ..., estimated: _Optional[bool] = ...) -> None: ...

class BenchmarkResult(_message.Message):
    __slots__ = ("endpoint_id", "endpoint", "model", "levels")
    ENDPOINT_ID_FIELD_NUMBER: _ClassVar[int]
    ENDPOINT_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    LEVELS_FIELD_NUMBER: _ClassVar[int]
    endpoint_id: str
    endpoint: str
    model: str
    levels: _containers.RepeatedCompositeFieldContainer[BenchmarkLevel]
    def __init__(self, endpoint_id: _Optional[str] = ..., endpoint: _Optional[str] = ..., model: _Optional[str] = ..., levels: _Optional[_Iterable[_Union[BenchmarkLevel, _Mapping]]] = ...) -> None: ...
