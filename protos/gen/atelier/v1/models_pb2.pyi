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

class ModelKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    MODEL_KIND_UNSPECIFIED: _ClassVar[ModelKind]
    MODEL_KIND_BASE: _ClassVar[ModelKind]
    MODEL_KIND_LORA: _ClassVar[ModelKind]
    MODEL_KIND_VAE: _ClassVar[ModelKind]
    MODEL_KIND_UPSCALER: _ClassVar[ModelKind]
    MODEL_KIND_MOTION_ADAPTER: _ClassVar[ModelKind]
    MODEL_KIND_TEXT: _ClassVar[ModelKind]
    MODEL_KIND_EMBEDDING: _ClassVar[ModelKind]

class ModelAction(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    MODEL_ACTION_UNSPECIFIED: _ClassVar[ModelAction]
    MODEL_ACTION_LOAD: _ClassVar[ModelAction]
    MODEL_ACTION_UNLOAD: _ClassVar[ModelAction]
MODEL_KIND_UNSPECIFIED: ModelKind
MODEL_KIND_BASE: ModelKind
MODEL_KIND_LORA: ModelKind
MODEL_KIND_VAE: ModelKind
MODEL_KIND_UPSCALER: ModelKind
MODEL_KIND_MOTION_ADAPTER: ModelKind
MODEL_KIND_TEXT: ModelKind
MODEL_KIND_EMBEDDING: ModelKind
MODEL_ACTION_UNSPECIFIED: ModelAction
MODEL_ACTION_LOAD: ModelAction
MODEL_ACTION_UNLOAD: ModelAction

class ImportModelRequest(_message.Message):
    __slots__ = ("model_id", "source", "kind")
    MODEL_ID_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    model_id: str
    source: str
    kind: ModelKind
    def __init__(self, model_id: _Optional[str] = ..., source: _Optional[str] = ..., kind: _Optional[_Union[ModelKind, str]] = ...) -> None: ...

class ImportModelResult(_message.Message):
    __slots__ = ("model_id", "kind", "family", "sha256", "hash", "size", "files", "rank", "alpha", "trigger_words", "title", "base_model", "known")
    MODEL_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    FAMILY_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    HASH_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    FILES_FIELD_NUMBER: _ClassVar[int]
    RANK_FIELD_NUMBER: _ClassVar[int]
    ALPHA_FIELD_NUMBER: _ClassVar[int]
    TRIGGER_WORDS_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    BASE_MODEL_FIELD_NUMBER: _ClassVar[int]
    KNOWN_FIELD_NUMBER: _ClassVar[int]
    model_id: str
    kind: ModelKind
    family: str
    sha256: str
    hash: str
    size: int
    files: int
    rank: int
    alpha: float
    trigger_words: _containers.RepeatedScalarFieldContainer[str]
    title: str
    base_model: str
    known: bool
    def __init__(self, model_id: _Optional[str] = ..., kind: _Optional[_Union[ModelKind, str]] = ..., family: _Optional[str] = ..., sha256: _Optional[str] = ..., hash: _Optional[str] = ..., size: _Optional[int] = ..., files: _Optional[int] = ..., rank: _Optional[int] = ..., alpha: _Optional[float] = ..., trigger_words: _Optional[_Iterable[str]] = ..., title: _Optional[str] = ..., base_model: _Optional[str] = ..., known: _Optional[bool] = ...) -> None: ...

class ModelCommand(_message.Message):
    __slots__ = ("action", "model")
    ACTION_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    action: ModelAction
    model: str
    def __init__(self, action: _Optional[_Union[ModelAction, str]] = ..., model: _Optional[str] = ...) -> None: ...

class PinnedModel(_message.Message):
    __slots__ = ("model",)
    MODEL_FIELD_NUMBER: _ClassVar[int]
    model: str
    def __init__(self, model: _Optional[str] = ...) -> None: ...

class WorkerModels(_message.Message):
    __slots__ = ("worker", "device", "memory_budget", "memory_used", "disk_budget", "disk_used", "models")
    WORKER_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    MEMORY_BUDGET_FIELD_NUMBER: _ClassVar[int]
    MEMORY_USED_FIELD_NUMBER: _ClassVar[int]
    DISK_BUDGET_FIELD_NUMBER: _ClassVar[int]
    DISK_USED_FIELD_NUMBER: _ClassVar[int]
    MODELS_FIELD_NUMBER: _ClassVar[int]
    worker: str
    device: str
    memory_budget: int
    memory_used: int
    disk_budget: int
    disk_used: int
    models: _containers.RepeatedCompositeFieldContainer[WorkerModel]
    def __init__(self, worker: _Optional[str] = ..., device: _Optional[str] = ..., memory_budget: _Optional[int] = ..., memory_used: _Optional[int] = ..., disk_budget: _Optional[int] = ..., disk_used: _Optional[int] = ..., models: _Optional[_Iterable[_Union[WorkerModel, _Mapping]]] = ...) -> None: ...

class WorkerModel(_message.Message):
    __slots__ = ("key", "status", "bytes", "pinned", "in_use", "uses", "last_used", "error")
    KEY_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    BYTES_FIELD_NUMBER: _ClassVar[int]
    PINNED_FIELD_NUMBER: _ClassVar[int]
    IN_USE_FIELD_NUMBER: _ClassVar[int]
    USES_FIELD_NUMBER: _ClassVar[int]
    LAST_USED_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    key: str
    status: str
    bytes: int
    pinned: bool
    in_use: int
    uses: int
    last_used: _timestamp_pb2.Timestamp
    error: str
    def __init__(self, key: _Optional[str] = ..., status: _Optional[str] = ..., bytes: _Optional[int] = ..., pinned: _Optional[bool] = ..., in_use: _Optional[int] = ..., uses: _Optional[int] = ..., last_used: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., error: _Optional[str] = ...) -> None: ...
