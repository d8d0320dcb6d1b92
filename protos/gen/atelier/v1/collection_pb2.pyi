from atelier.v1 import common_pb2 as _common_pb2
from atelier.v1 import options_pb2 as _options_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class DownloadRequest(_message.Message):
    __slots__ = ("search_id", "ids", "dataset_id")
    SEARCH_ID_FIELD_NUMBER: _ClassVar[int]
    IDS_FIELD_NUMBER: _ClassVar[int]
    DATASET_ID_FIELD_NUMBER: _ClassVar[int]
    search_id: str
    ids: _containers.RepeatedScalarFieldContainer[str]
    dataset_id: str
    def __init__(self, search_id: _Optional[str] = ..., ids: _Optional[_Iterable[str]] = ..., dataset_id: _Optional[str] = ...) -> None: ...

class DownloadResult(_message.Message):
    __slots__ = ("stored", "duplicates", "failed")
    STORED_FIELD_NUMBER: _ClassVar[int]
    DUPLICATES_FIELD_NUMBER: _ClassVar[int]
    FAILED_FIELD_NUMBER: _ClassVar[int]
    stored: int
    duplicates: int
    failed: int
    def __init__(self, stored: _Optional[int] = ..., duplicates: _Optional[int] = ..., failed: _Optional[int] = ...) -> None: ...
