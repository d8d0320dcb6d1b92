from atelier.v1 import common_pb2 as _common_pb2
from atelier.v1 import models_pb2 as _models_pb2
from atelier.v1 import options_pb2 as _options_pb2
from google.protobuf import struct_pb2 as _struct_pb2
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

class GridField(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    GRID_FIELD_UNSPECIFIED: _ClassVar[GridField]
    GRID_FIELD_PROMPT: _ClassVar[GridField]
    GRID_FIELD_NEGATIVE_PROMPT: _ClassVar[GridField]
    GRID_FIELD_PROMPT_REPLACE: _ClassVar[GridField]
    GRID_FIELD_MODEL: _ClassVar[GridField]
    GRID_FIELD_WIDTH: _ClassVar[GridField]
    GRID_FIELD_HEIGHT: _ClassVar[GridField]
    GRID_FIELD_STEPS: _ClassVar[GridField]
    GRID_FIELD_CFG_SCALE: _ClassVar[GridField]
    GRID_FIELD_SEED: _ClassVar[GridField]
    GRID_FIELD_SAMPLER: _ClassVar[GridField]
    GRID_FIELD_STRENGTH: _ClassVar[GridField]
    GRID_FIELD_LORA_WEIGHT: _ClassVar[GridField]

class CameraMove(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CAMERA_MOVE_UNSPECIFIED: _ClassVar[CameraMove]
    CAMERA_MOVE_STATIC: _ClassVar[CameraMove]
    CAMERA_MOVE_PAN_LEFT: _ClassVar[CameraMove]
    CAMERA_MOVE_PAN_RIGHT: _ClassVar[CameraMove]
    CAMERA_MOVE_TILT_UP: _ClassVar[CameraMove]
    CAMERA_MOVE_TILT_DOWN: _ClassVar[CameraMove]
    CAMERA_MOVE_ZOOM_IN: _ClassVar[CameraMove]
    CAMERA_MOVE_ZOOM_OUT: _ClassVar[CameraMove]
    CAMERA_MOVE_DOLLY_IN: _ClassVar[CameraMove]
    CAMERA_MOVE_DOLLY_OUT: _ClassVar[CameraMove]
    CAMERA_MOVE_ROLL_LEFT: _ClassVar[CameraMove]
    CAMERA_MOVE_ROLL_RIGHT: _ClassVar[CameraMove]

class ClipFormat(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CLIP_FORMAT_UNSPECIFIED: _ClassVar[ClipFormat]
    CLIP_FORMAT_MP4: _ClassVar[ClipFormat]
    CLIP_FORMAT_GIF: _ClassVar[ClipFormat]
    CLIP_FORMAT_WEBP: _ClassVar[ClipFormat]
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
GRID_FIELD_UNSPECIFIED: GridField
GRID_FIELD_PROMPT: GridField
GRID_FIELD_NEGATIVE_PROMPT: GridField
GRID_FIELD_PROMPT_REPLACE: GridField
GRID_FIELD_MODEL: GridField
GRID_FIELD_WIDTH: GridField
GRID_FIELD_HEIGHT: GridField
GRID_FIELD_STEPS: GridField
GRID_FIELD_CFG_SCALE: GridField
GRID_FIELD_SEED: GridField
GRID_FIELD_SAMPLER: GridField
GRID_FIELD_STRENGTH: GridField
GRID_FIELD_LORA_WEIGHT: GridField
CAMERA_MOVE_UNSPECIFIED: CameraMove
CAMERA_MOVE_STATIC: CameraMove
CAMERA_MOVE_PAN_LEFT: CameraMove
CAMERA_MOVE_PAN_RIGHT: CameraMove
CAMERA_MOVE_TILT_UP: CameraMove
CAMERA_MOVE_TILT_DOWN: CameraMove
CAMERA_MOVE_ZOOM_IN: CameraMove
CAMERA_MOVE_ZOOM_OUT: CameraMove
CAMERA_MOVE_DOLLY_IN: CameraMove
CAMERA_MOVE_DOLLY_OUT: CameraMove
CAMERA_MOVE_ROLL_LEFT: CameraMove
CAMERA_MOVE_ROLL_RIGHT: CameraMove
CLIP_FORMAT_UNSPECIFIED: ClipFormat
CLIP_FORMAT_MP4: ClipFormat
CLIP_FORMAT_GIF: ClipFormat
CLIP_FORMAT_WEBP: ClipFormat

class Lora(_message.Message):
    __slots__ = ("model", "weight")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_FIELD_NUMBER: _ClassVar[int]
    model: str
    weight: float
    def __init__(self, model: _Optional[str] = ..., weight: _Optional[float] = ...) -> None: ...

class TextToImageRequest(_message.Message):
    __slots__ = ("prompt", "negative_prompt", "model", "width", "height", "steps", "cfg_scale", "seed", "sampler", "count", "format", "preview_every", "loras", "fresh", "preset")
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
    LORAS_FIELD_NUMBER: _ClassVar[int]
    FRESH_FIELD_NUMBER: _ClassVar[int]
    PRESET_FIELD_NUMBER: _ClassVar[int]
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
    loras: _containers.RepeatedCompositeFieldContainer[Lora]
    fresh: bool
    preset: PresetUse
    def __init__(self, prompt: _Optional[str] = ..., negative_prompt: _Optional[str] = ..., model: _Optional[str] = ..., width: _Optional[int] = ..., height: _Optional[int] = ..., steps: _Optional[int] = ..., cfg_scale: _Optional[float] = ..., seed: _Optional[int] = ..., sampler: _Optional[_Union[Sampler, str]] = ..., count: _Optional[int] = ..., format: _Optional[_Union[ImageFormat, str]] = ..., preview_every: _Optional[int] = ..., loras: _Optional[_Iterable[_Union[Lora, _Mapping]]] = ..., fresh: _Optional[bool] = ..., preset: _Optional[_Union[PresetUse, _Mapping]] = ...) -> None: ...

class PresetUse(_message.Message):
    __slots__ = ("id", "name", "prompt", "negative_prompt", "variables", "asked")
    class VariablesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    class AskedEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    PROMPT_FIELD_NUMBER: _ClassVar[int]
    NEGATIVE_PROMPT_FIELD_NUMBER: _ClassVar[int]
    VARIABLES_FIELD_NUMBER: _ClassVar[int]
    ASKED_FIELD_NUMBER: _ClassVar[int]
    id: str
    name: str
    prompt: str
    negative_prompt: str
    variables: _containers.ScalarMap[str, str]
    asked: _containers.ScalarMap[str, str]
    def __init__(self, id: _Optional[str] = ..., name: _Optional[str] = ..., prompt: _Optional[str] = ..., negative_prompt: _Optional[str] = ..., variables: _Optional[_Mapping[str, str]] = ..., asked: _Optional[_Mapping[str, str]] = ...) -> None: ...

class ImageToImageRequest(_message.Message):
    __slots__ = ("image", "strength", "fit", "prompt", "negative_prompt", "model", "width", "height", "steps", "cfg_scale", "seed", "sampler", "count", "format", "preview_every", "loras", "fresh", "preset")
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
    LORAS_FIELD_NUMBER: _ClassVar[int]
    FRESH_FIELD_NUMBER: _ClassVar[int]
    PRESET_FIELD_NUMBER: _ClassVar[int]
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
    loras: _containers.RepeatedCompositeFieldContainer[Lora]
    fresh: bool
    preset: PresetUse
    def __init__(self, image: _Optional[str] = ..., strength: _Optional[float] = ..., fit: _Optional[_Union[Fit, str]] = ..., prompt: _Optional[str] = ..., negative_prompt: _Optional[str] = ..., model: _Optional[str] = ..., width: _Optional[int] = ..., height: _Optional[int] = ..., steps: _Optional[int] = ..., cfg_scale: _Optional[float] = ..., seed: _Optional[int] = ..., sampler: _Optional[_Union[Sampler, str]] = ..., count: _Optional[int] = ..., format: _Optional[_Union[ImageFormat, str]] = ..., preview_every: _Optional[int] = ..., loras: _Optional[_Iterable[_Union[Lora, _Mapping]]] = ..., fresh: _Optional[bool] = ..., preset: _Optional[_Union[PresetUse, _Mapping]] = ...) -> None: ...

class InpaintRequest(_message.Message):
    __slots__ = ("image", "mask", "strength", "mask_blur", "invert_mask", "only_masked", "padding", "prompt", "negative_prompt", "model", "steps", "cfg_scale", "seed", "sampler", "count", "format", "preview_every", "loras", "fresh", "preset")
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
    LORAS_FIELD_NUMBER: _ClassVar[int]
    FRESH_FIELD_NUMBER: _ClassVar[int]
    PRESET_FIELD_NUMBER: _ClassVar[int]
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
    loras: _containers.RepeatedCompositeFieldContainer[Lora]
    fresh: bool
    preset: PresetUse
    def __init__(self, image: _Optional[str] = ..., mask: _Optional[str] = ..., strength: _Optional[float] = ..., mask_blur: _Optional[int] = ..., invert_mask: _Optional[bool] = ..., only_masked: _Optional[bool] = ..., padding: _Optional[int] = ..., prompt: _Optional[str] = ..., negative_prompt: _Optional[str] = ..., model: _Optional[str] = ..., steps: _Optional[int] = ..., cfg_scale: _Optional[float] = ..., seed: _Optional[int] = ..., sampler: _Optional[_Union[Sampler, str]] = ..., count: _Optional[int] = ..., format: _Optional[_Union[ImageFormat, str]] = ..., preview_every: _Optional[int] = ..., loras: _Optional[_Iterable[_Union[Lora, _Mapping]]] = ..., fresh: _Optional[bool] = ..., preset: _Optional[_Union[PresetUse, _Mapping]] = ...) -> None: ...

class GridAxis(_message.Message):
    __slots__ = ("field", "values")
    FIELD_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    field: GridField
    values: _containers.RepeatedCompositeFieldContainer[_struct_pb2.Value]
    def __init__(self, field: _Optional[_Union[GridField, str]] = ..., values: _Optional[_Iterable[_Union[_struct_pb2.Value, _Mapping]]] = ...) -> None: ...

class GridRequest(_message.Message):
    __slots__ = ("axes", "prompt", "negative_prompt", "model", "width", "height", "steps", "cfg_scale", "seed", "sampler", "format", "preview_every", "loras", "fresh", "image", "strength", "fit", "preset")
    AXES_FIELD_NUMBER: _ClassVar[int]
    PROMPT_FIELD_NUMBER: _ClassVar[int]
    NEGATIVE_PROMPT_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    WIDTH_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    CFG_SCALE_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    SAMPLER_FIELD_NUMBER: _ClassVar[int]
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    PREVIEW_EVERY_FIELD_NUMBER: _ClassVar[int]
    LORAS_FIELD_NUMBER: _ClassVar[int]
    FRESH_FIELD_NUMBER: _ClassVar[int]
    IMAGE_FIELD_NUMBER: _ClassVar[int]
    STRENGTH_FIELD_NUMBER: _ClassVar[int]
    FIT_FIELD_NUMBER: _ClassVar[int]
    PRESET_FIELD_NUMBER: _ClassVar[int]
    axes: _containers.RepeatedCompositeFieldContainer[GridAxis]
    prompt: str
    negative_prompt: str
    model: str
    width: int
    height: int
    steps: int
    cfg_scale: float
    seed: int
    sampler: Sampler
    format: ImageFormat
    preview_every: int
    loras: _containers.RepeatedCompositeFieldContainer[Lora]
    fresh: bool
    image: str
    strength: float
    fit: Fit
    preset: PresetUse
    def __init__(self, axes: _Optional[_Iterable[_Union[GridAxis, _Mapping]]] = ..., prompt: _Optional[str] = ..., negative_prompt: _Optional[str] = ..., model: _Optional[str] = ..., width: _Optional[int] = ..., height: _Optional[int] = ..., steps: _Optional[int] = ..., cfg_scale: _Optional[float] = ..., seed: _Optional[int] = ..., sampler: _Optional[_Union[Sampler, str]] = ..., format: _Optional[_Union[ImageFormat, str]] = ..., preview_every: _Optional[int] = ..., loras: _Optional[_Iterable[_Union[Lora, _Mapping]]] = ..., fresh: _Optional[bool] = ..., image: _Optional[str] = ..., strength: _Optional[float] = ..., fit: _Optional[_Union[Fit, str]] = ..., preset: _Optional[_Union[PresetUse, _Mapping]] = ...) -> None: ...

class Camera(_message.Message):
    __slots__ = ("move", "intensity")
    MOVE_FIELD_NUMBER: _ClassVar[int]
    INTENSITY_FIELD_NUMBER: _ClassVar[int]
    move: CameraMove
    intensity: float
    def __init__(self, move: _Optional[_Union[CameraMove, str]] = ..., intensity: _Optional[float] = ...) -> None: ...

class TextToVideoRequest(_message.Message):
    __slots__ = ("prompt", "negative_prompt", "model", "duration_s", "fps", "aspect_ratio", "width", "height", "camera", "motion_intensity", "steps", "cfg_scale", "seed", "sampler", "format", "preview_every", "preset")
    PROMPT_FIELD_NUMBER: _ClassVar[int]
    NEGATIVE_PROMPT_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    DURATION_S_FIELD_NUMBER: _ClassVar[int]
    FPS_FIELD_NUMBER: _ClassVar[int]
    ASPECT_RATIO_FIELD_NUMBER: _ClassVar[int]
    WIDTH_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    CAMERA_FIELD_NUMBER: _ClassVar[int]
    MOTION_INTENSITY_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    CFG_SCALE_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    SAMPLER_FIELD_NUMBER: _ClassVar[int]
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    PREVIEW_EVERY_FIELD_NUMBER: _ClassVar[int]
    PRESET_FIELD_NUMBER: _ClassVar[int]
    prompt: str
    negative_prompt: str
    model: str
    duration_s: float
    fps: int
    aspect_ratio: str
    width: int
    height: int
    camera: Camera
    motion_intensity: float
    steps: int
    cfg_scale: float
    seed: int
    sampler: Sampler
    format: ClipFormat
    preview_every: int
    preset: PresetUse
    def __init__(self, prompt: _Optional[str] = ..., negative_prompt: _Optional[str] = ..., model: _Optional[str] = ..., duration_s: _Optional[float] = ..., fps: _Optional[int] = ..., aspect_ratio: _Optional[str] = ..., width: _Optional[int] = ..., height: _Optional[int] = ..., camera: _Optional[_Union[Camera, _Mapping]] = ..., motion_intensity: _Optional[float] = ..., steps: _Optional[int] = ..., cfg_scale: _Optional[float] = ..., seed: _Optional[int] = ..., sampler: _Optional[_Union[Sampler, str]] = ..., format: _Optional[_Union[ClipFormat, str]] = ..., preview_every: _Optional[int] = ..., preset: _Optional[_Union[PresetUse, _Mapping]] = ...) -> None: ...

class ImageToVideoRequest(_message.Message):
    __slots__ = ("image", "prompt", "negative_prompt", "model", "duration_s", "fps", "aspect_ratio", "fit", "width", "height", "camera", "motion_intensity", "steps", "cfg_scale", "seed", "sampler", "format", "preview_every", "preset")
    IMAGE_FIELD_NUMBER: _ClassVar[int]
    PROMPT_FIELD_NUMBER: _ClassVar[int]
    NEGATIVE_PROMPT_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    DURATION_S_FIELD_NUMBER: _ClassVar[int]
    FPS_FIELD_NUMBER: _ClassVar[int]
    ASPECT_RATIO_FIELD_NUMBER: _ClassVar[int]
    FIT_FIELD_NUMBER: _ClassVar[int]
    WIDTH_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    CAMERA_FIELD_NUMBER: _ClassVar[int]
    MOTION_INTENSITY_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    CFG_SCALE_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    SAMPLER_FIELD_NUMBER: _ClassVar[int]
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    PREVIEW_EVERY_FIELD_NUMBER: _ClassVar[int]
    PRESET_FIELD_NUMBER: _ClassVar[int]
    image: str
    prompt: str
    negative_prompt: str
    model: str
    duration_s: float
    fps: int
    aspect_ratio: str
    fit: Fit
    width: int
    height: int
    camera: Camera
    motion_intensity: float
    steps: int
    cfg_scale: float
    seed: int
    sampler: Sampler
    format: ClipFormat
    preview_every: int
    preset: PresetUse
    def __init__(self, image: _Optional[str] = ..., prompt: _Optional[str] = ..., negative_prompt: _Optional[str] = ..., model: _Optional[str] = ..., duration_s: _Optional[float] = ..., fps: _Optional[int] = ..., aspect_ratio: _Optional[str] = ..., fit: _Optional[_Union[Fit, str]] = ..., width: _Optional[int] = ..., height: _Optional[int] = ..., camera: _Optional[_Union[Camera, _Mapping]] = ..., motion_intensity: _Optional[float] = ..., steps: _Optional[int] = ..., cfg_scale: _Optional[float] = ..., seed: _Optional[int] = ..., sampler: _Optional[_Union[Sampler, str]] = ..., format: _Optional[_Union[ClipFormat, str]] = ..., preview_every: _Optional[int] = ..., preset: _Optional[_Union[PresetUse, _Mapping]] = ...) -> None: ...

class UpscaleRequest(_message.Message):
    __slots__ = ("image", "video", "scale", "model", "face_restore", "tile", "format")
    IMAGE_FIELD_NUMBER: _ClassVar[int]
    VIDEO_FIELD_NUMBER: _ClassVar[int]
    SCALE_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    FACE_RESTORE_FIELD_NUMBER: _ClassVar[int]
    TILE_FIELD_NUMBER: _ClassVar[int]
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    image: str
    video: str
    scale: int
    model: str
    face_restore: bool
    tile: int
    format: ImageFormat
    def __init__(self, image: _Optional[str] = ..., video: _Optional[str] = ..., scale: _Optional[int] = ..., model: _Optional[str] = ..., face_restore: _Optional[bool] = ..., tile: _Optional[int] = ..., format: _Optional[_Union[ImageFormat, str]] = ...) -> None: ...

class GenerationResult(_message.Message):
    __slots__ = ("outputs", "seed", "model", "model_hash", "cached")
    OUTPUTS_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    MODEL_HASH_FIELD_NUMBER: _ClassVar[int]
    CACHED_FIELD_NUMBER: _ClassVar[int]
    outputs: _containers.RepeatedCompositeFieldContainer[_common_pb2.Asset]
    seed: int
    model: str
    model_hash: str
    cached: bool
    def __init__(self, outputs: _Optional[_Iterable[_Union[_common_pb2.Asset, _Mapping]]] = ..., seed: _Optional[int] = ..., model: _Optional[str] = ..., model_hash: _Optional[str] = ..., cached: _Optional[bool] = ...) -> None: ...

class DiffusionOptionsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class DiffusionOptions(_message.Message):
    __slots__ = ("models", "samplers", "upscalers", "face_restoration", "loras", "wildcards")
    MODELS_FIELD_NUMBER: _ClassVar[int]
    SAMPLERS_FIELD_NUMBER: _ClassVar[int]
    UPSCALERS_FIELD_NUMBER: _ClassVar[int]
    FACE_RESTORATION_FIELD_NUMBER: _ClassVar[int]
    LORAS_FIELD_NUMBER: _ClassVar[int]
    WILDCARDS_FIELD_NUMBER: _ClassVar[int]
    models: _containers.RepeatedCompositeFieldContainer[DiffusionModel]
    samplers: _containers.RepeatedScalarFieldContainer[str]
    upscalers: _containers.RepeatedCompositeFieldContainer[Upscaler]
    face_restoration: bool
    loras: _containers.RepeatedScalarFieldContainer[str]
    wildcards: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, models: _Optional[_Iterable[_Union[DiffusionModel, _Mapping]]] = ..., samplers: _Optional[_Iterable[str]] = ..., upscalers: _Optional[_Iterable[_Union[Upscaler, _Mapping]]] = ..., face_restoration: _Optional[bool] = ..., loras: _Optional[_Iterable[str]] = ..., wildcards: _Optional[_Iterable[str]] = ...) -> None: ...

class Upscaler(_message.Message):
    __slots__ = ("name", "description", "scales", "default_scales", "status", "error")
    NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    SCALES_FIELD_NUMBER: _ClassVar[int]
    DEFAULT_SCALES_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    name: str
    description: str
    scales: _containers.RepeatedScalarFieldContainer[int]
    default_scales: _containers.RepeatedScalarFieldContainer[int]
    status: str
    error: str
    def __init__(self, name: _Optional[str] = ..., description: _Optional[str] = ..., scales: _Optional[_Iterable[int]] = ..., default_scales: _Optional[_Iterable[int]] = ..., status: _Optional[str] = ..., error: _Optional[str] = ...) -> None: ...

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
