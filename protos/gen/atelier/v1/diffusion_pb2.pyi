from atelier.v1 import common_pb2 as _common_pb2
from atelier.v1 import models_pb2 as _models_pb2
from atelier.v1 import options_pb2 as _options_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Sampler(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SAMPLER_UNSPECIFIED: _ClassVar[Sampler]
    SAMPLER_EULER: _ClassVar[Sampler]
    SAMPLER_EULER_A: _ClassVar[Sampler]
    SAMPLER_DDIM: _ClassVar[Sampler]
    SAMPLER_DPMPP_2M: _ClassVar[Sampler]
    SAMPLER_DPMPP_2M_KARRAS: _ClassVar[Sampler]
    SAMPLER_DPMPP_2M_SDE: _ClassVar[Sampler]
    SAMPLER_HEUN: _ClassVar[Sampler]
    SAMPLER_LMS: _ClassVar[Sampler]
    SAMPLER_PNDM: _ClassVar[Sampler]
    SAMPLER_UNIPC: _ClassVar[Sampler]
    SAMPLER_DDPM: _ClassVar[Sampler]

class ImageFormat(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    IMAGE_FORMAT_UNSPECIFIED: _ClassVar[ImageFormat]
    IMAGE_FORMAT_PNG: _ClassVar[ImageFormat]
    IMAGE_FORMAT_JPEG: _ClassVar[ImageFormat]
    IMAGE_FORMAT_WEBP: _ClassVar[ImageFormat]

class Fit(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FIT_UNSPECIFIED: _ClassVar[Fit]
    FIT_CROP: _ClassVar[Fit]
    FIT_PAD: _ClassVar[Fit]
    FIT_STRETCH: _ClassVar[Fit]
SAMPLER_UNSPECIFIED: Sampler
SAMPLER_EULER: Sampler
SAMPLER_EULER_A: Sampler
SAMPLER_DDIM: Sampler
SAMPLER_DPMPP_2M: Sampler
SAMPLER_DPMPP_2M_KARRAS: Sampler
SAMPLER_DPMPP_2M_SDE: Sampler
SAMPLER_HEUN: Sampler
SAMPLER_LMS: Sampler
SAMPLER_PNDM: Sampler
SAMPLER_UNIPC: Sampler
SAMPLER_DDPM: Sampler
IMAGE_FORMAT_UNSPECIFIED: ImageFormat
IMAGE_FORMAT_PNG: ImageFormat
IMAGE_FORMAT_JPEG: ImageFormat
IMAGE_FORMAT_WEBP: ImageFormat
FIT_UNSPECIFIED: Fit
FIT_CROP: Fit
FIT_PAD: Fit
FIT_STRETCH: Fit

class TextToImageRequest(_message.Message):
    __slots__ = ("prompt", "negative_prompt", "model", "width", "height", "steps", "cfg_scale", "seed", "sampler", "count", "format", "preview_every")
    PROMPT_FIELD_NUMBER: _ClassVar[int]
    NEGATIVE_PROMPT_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    WIDTH_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    CFG_SCALE_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    SAMPLER_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    PREVIEW_EVERY_FIELD_NUMBER: _ClassVar[int]
    prompt: str
    negative_prompt: str
    model: str
    width: int
    height: int
    steps: int
    cfg_scale: float
    seed: int
    sampler: Sampler
    count: int
    format: ImageFormat
    preview_every: int
    def __init__(self, prompt: _Optional[str] = ..., negative_prompt: _Optional[str] = ..., model: _Optional[str] = ..., width: _Optional[int] = ..., height: _Optional[int] = ..., steps: _Optional[int] = ..., cfg_scale: _Optional[float] = ..., seed: _Optional[int] = ..., sampler: _Optional[_Union[Sampler, str]] = ..., count: _Optional[int] = ..., format: _Optional[_Union[ImageFormat, str]] = ..., preview_every: _Optional[int] = ...) -> None: ...

class ImageToImageRequest(_message.Message):
    __slots__ = ("image", "strength", "fit", "prompt", "negative_prompt", "model", "width", "height", "steps", "cfg_scale", "seed", "sampler", "count", "format", "preview_every")
    IMAGE_FIELD_NUMBER: _ClassVar[int]
    STRENGTH_FIELD_NUMBER: _ClassVar[int]
    FIT_FIELD_NUMBER: _ClassVar[int]
    PROMPT_FIELD_NUMBER: _ClassVar[int]
    NEGATIVE_PROMPT_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    WIDTH_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    CFG_SCALE_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    SAMPLER_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    PREVIEW_EVERY_FIELD_NUMBER: _ClassVar[int]
    image: str
    strength: float
    fit: Fit
    prompt: str
    negative_prompt: str
    model: str
    width: int
    height: int
    steps: int
    cfg_scale: float
    seed: int
    sampler: Sampler
    count: int
    format: ImageFormat
    preview_every: int
    def __init__(self, image: _Optional[str] = ..., strength: _Optional[float] = ..., fit: _Optional[_Union[Fit, str]] = ..., prompt: _Optional[str] = ..., negative_prompt: _Optional[str] = ..., model: _Optional[str] = ..., width: _Optional[int] = ..., height: _Optional[int] = ..., steps: _Optional[int] = ..., cfg_scale: _Optional[float] = ..., seed: _Optional[int] = ..., sampler: _Optional[_Union[Sampler, str]] = ..., count: _Optional[int] = ..., format: _Optional[_Union[ImageFormat, str]] = ..., preview_every: _Optional[int] = ...) -> None: ...

class InpaintRequest(_message.Message):
    __slots__ = ("image", "mask", "strength", "mask_blur", "invert_mask", "only_masked", "padding", "prompt", "negative_prompt", "model", "steps", "cfg_scale", "seed", "sampler", "count", "format", "preview_every")
    IMAGE_FIELD_NUMBER: _ClassVar[int]
    MASK_FIELD_NUMBER: _ClassVar[int]
    STRENGTH_FIELD_NUMBER: _ClassVar[int]
    MASK_BLUR_FIELD_NUMBER: _ClassVar[int]
    INVERT_MASK_FIELD_NUMBER: _ClassVar[int]
    ONLY_MASKED_FIELD_NUMBER: _ClassVar[int]
    PADDING_FIELD_NUMBER: _ClassVar[int]
    PROMPT_FIELD_NUMBER: _ClassVar[int]
    NEGATIVE_PROMPT_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    CFG_SCALE_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    SAMPLER_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    PREVIEW_EVERY_FIELD_NUMBER: _ClassVar[int]
    image: str
    mask: str
    strength: float
    mask_blur: int
    invert_mask: bool
    only_masked: bool
    padding: int
    prompt: str
    negative_prompt: str
    model: str
    steps: int
    cfg_scale: float
    seed: int
    sampler: Sampler
    count: int
    format: ImageFormat
    preview_every: int
    def __init__(self, image: _Optional[str] = ..., mask: _Optional[str] = ..., strength: _Optional[float] = ..., mask_blur: _Optional[int] = ..., invert_mask: _Optional[bool] = ..., only_masked: _Optional[bool] = ..., padding: _Optional[int] = ..., prompt: _Optional[str] = ..., negative_prompt: _Optional[str] = ..., model: _Optional[str] = ..., steps: _Optional[int] = ..., cfg_scale: _Optional[float] = ..., seed: _Optional[int] = ..., sampler: _Optional[_Union[Sampler, str]] = ..., count: _Optional[int] = ..., format: _Optional[_Union[ImageFormat, str]] = ..., preview_every: _Optional[int] = ...) -> None: ...

class GenerationResult(_message.Message):
    __slots__ = ("outputs", "seed", "model", "model_hash")
    OUTPUTS_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    MODEL_HASH_FIELD_NUMBER: _ClassVar[int]
    outputs: _containers.RepeatedCompositeFieldContainer[_common_pb2.Asset]
    seed: int
    model: str
    model_hash: str
    def __init__(self, outputs: _Optional[_Iterable[_Union[_common_pb2.Asset, _Mapping]]] = ..., seed: _Optional[int] = ..., model: _Optional[str] = ..., model_hash: _Optional[str] = ...) -> None: ...

class DiffusionOptionsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class DiffusionOptions(_message.Message):
    __slots__ = ("models", "samplers")
    MODELS_FIELD_NUMBER: _ClassVar[int]
    SAMPLERS_FIELD_NUMBER: _ClassVar[int]
    models: _containers.RepeatedCompositeFieldContainer[DiffusionModel]
    samplers: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, models: _Optional[_Iterable[_Union[DiffusionModel, _Mapping]]] = ..., samplers: _Optional[_Iterable[str]] = ...) -> None: ...

class DiffusionModel(_message.Message):
    __slots__ = ("name", "status", "native_size", "hash", "source", "device", "error")
    NAME_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    NATIVE_SIZE_FIELD_NUMBER: _ClassVar[int]
    HASH_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    name: str
    status: str
    native_size: int
    hash: str
    source: str
    device: str
    error: str
    def __init__(self, name: _Optional[str] = ..., status: _Optional[str] = ..., native_size: _Optional[int] = ..., hash: _Optional[str] = ..., source: _Optional[str] = ..., device: _Optional[str] = ..., error: _Optional[str] = ...) -> None: ...
