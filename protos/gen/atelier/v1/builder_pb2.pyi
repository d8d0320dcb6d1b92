from atelier.v1 import common_pb2 as _common_pb2
from atelier.v1 import options_pb2 as _options_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class BuildRequest(_message.Message):
    __slots__ = ("prompt",)
    PROMPT_FIELD_NUMBER: _ClassVar[int]
    prompt: str
    def __init__(self, prompt: _Optional[str] = ...) -> None: ...

class BuildResult(_message.Message):
    __slots__ = ("model_id", "live_url")
    MODEL_ID_FIELD_NUMBER: _ClassVar[int]
    LIVE_URL_FIELD_NUMBER: _ClassVar[int]
    model_id: str
    live_url: str
    def __init__(self, model_id: _Optional[str] = ..., live_url: _Optional[str] = ...) -> None: ...
