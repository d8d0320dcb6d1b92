"""From a diffusers folder or hub id to a model ready to sample. Slow: runs in a thread; torch is first needed here."""

import functools
import importlib
import importlib.metadata
import json
import threading
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog

from services.diffusion import weights
from services.diffusion.acceleration import Acceleration, accelerate_pipeline, accelerated_unet
from services.diffusion.exactness import make_rows_independent
from services.diffusion.faults import CannotLoad
from services.diffusion.foreign import ForeignModel
from services.diffusion.gate import Gate
from services.diffusion.model import Model, ModelCard
from services.diffusion.preview import fit_colours
from services.diffusion.pulse import Pulse
from services.diffusion.text import TextEncoders
from services.diffusion.video.model import KINDS, VideoModel

if TYPE_CHECKING:
    import torch

log = structlog.get_logger(__name__)

# Pipelines whose loop is ours; everything else runs through its own diffusers pipeline.
_OURS = ("StableDiffusionPipeline", "StableDiffusionXLPipeline")
# A UNet of fewer weights than this is computed on one thread, and several side by side: its layers are too small to be
# worth dealing to several threads (measured: two threads are slower than one as soon as anything else runs).
_SMALL_WEIGHTS = 100_000_000
# Building patches torch's modules for a moment, which two builds at once would undo for each other.
_BUILDING = threading.Lock()


@dataclass(frozen=True)
class LoadOptions:
    """How models are loaded."""

    device: str = "auto"
    dtype: str = "auto"
    cores: int = 1
    hash_cache: Path | None = None
    acceleration: Acceleration = field(default_factory=Acceleration)


def load(name: str, source: str, options: LoadOptions, pulse: Pulse, gate: Gate) -> Model | ForeignModel | VideoModel:
    """Load a model; raises `CannotLoad` with the reason. Sampling goes on meanwhile, but for models that are built in
    another precision than torch's default, which is the whole process's."""
    try:
        _import_libraries()
        folder = folder_of(source)
        index = json.loads((folder / "model_index.json").read_text())
        read = _Read(name, source, folder, index, weights.fingerprint(folder, options.hash_cache))
        ours = index.get("_class_name") in _OURS and _plain_unet(folder)
        _, dtype = device_and_dtype(options)
        with gate.closed() if _changes_default(dtype) else _BUILDING:
            return (_load_ours if ours else _load_foreign)(read, options, pulse)
    except CannotLoad:
        raise
    except Exception as error:
        # Whatever a broken folder makes the libraries raise, the operator is told which model and what.
        log.exception("model_not_loaded", model=name, source=source)
        raise CannotLoad(f"{name} ({source}): {type(error).__name__}: {error}") from error


def _changes_default(dtype: "torch.dtype") -> bool:
    import torch

    return dtype != torch.get_default_dtype()


@dataclass(frozen=True)
class _Read:
    """What was read of a model before it is built."""

    name: str
    source: str
    folder: Path
    index: dict[str, Any]
    hash: str


def _import_libraries() -> None:
    """The slow part of the first load, done before anyone has to wait for it."""
    _spare_imports()
    _quieten()
    for module in ("diffusers.models.unets.unet_2d_condition", "diffusers.models.autoencoders.autoencoder_kl"):
        importlib.import_module(module)


def _quieten() -> None:
    """No progress bars between the log's lines, and no remarks of transformers about image processors nobody uses."""
    import diffusers.utils.logging
    import transformers.utils.logging

    for library in (diffusers.utils.logging, transformers.utils.logging):
        library.disable_progress_bar()
        library.set_verbosity_error()


def _spare_imports() -> None:
    """Keep transformers from importing scikit-learn, pandas and pyarrow (120 MB) for assisted text generation, where
    they are installed; no diffusion model generates text. And let it, diffusers and peft list the installed packages
    once together, not half a second each."""
    if not hasattr(importlib.metadata.packages_distributions, "cache_clear"):
        importlib.metadata.packages_distributions = functools.cache(importlib.metadata.packages_distributions)
    import transformers.utils
    import transformers.utils.import_utils as import_utils

    def absent() -> bool:
        return False

    import_utils.is_sklearn_available = absent
    transformers.utils.is_sklearn_available = absent  # pyright: ignore[reportPrivateImportUsage]


def folder_of(source: str) -> Path:
    """The local folder of a model, downloaded from the hub if it is no folder."""
    folder = Path(source).expanduser()
    if (folder / "model_index.json").is_file():
        return folder
    if folder.is_dir():
        raise CannotLoad(f"{source} holds no model_index.json: it is no diffusers folder")
    if source.startswith(("/", ".", "~")) or source.count("/") != 1:
        raise CannotLoad(f"there is no folder {source}")
    from huggingface_hub import hf_hub_download, snapshot_download

    try:
        index = json.loads(Path(hf_hub_download(source, "model_index.json")).read_text())
        parts = [part for part, value in index.items() if isinstance(value, list) and any(value)]
        kinds = ("json", "txt", "model", "safetensors")
        # Of several variants of the weights only the plain ones; a second round fetches half precision if need be.
        wanted = ["model_index.json", *(f"{part}/*.{kind}" for part in parts for kind in kinds)]
        local = Path(
            snapshot_download(source, allow_patterns=wanted, ignore_patterns=["*.fp16*", "*non_ema*", "*/openvino*"])
        )
        if not weights.files(local):
            local = Path(snapshot_download(source, allow_patterns=wanted, ignore_patterns=["*non_ema*", "*/openvino*"]))
        return local
    except Exception as error:
        raise CannotLoad(f"{source} is no folder and could not be fetched from the hub: {error}") from error


def _plain_unet(folder: Path) -> bool:
    """True for a UNet our loop knows: text conditioning only, no guidance embedding (LCM), no extra input channels."""
    unet = _config(folder / "unet")
    return (
        unet.get("time_cond_proj_dim") is None
        and unet.get("addition_embed_type") in (None, "text_time")
        and unet.get("class_embed_type") is None
        and unet.get("encoder_hid_dim_type") is None
        and unet.get("in_channels") == _config(folder / "vae").get("latent_channels")
    )


def _config(component: Path) -> dict[str, Any]:
    return json.loads((component / "config.json").read_text())


def device_and_dtype(options: LoadOptions) -> "tuple[torch.device, torch.dtype]":
    """Where and in which precision the UNet and the text encoders run."""
    import torch

    cuda = torch.cuda.is_available() if options.device == "auto" else options.device == "cuda"
    if cuda:
        torch.backends.cudnn.deterministic = True
    if options.dtype != "auto":
        dtype: torch.dtype = getattr(torch, options.dtype)
    elif cuda:
        dtype = torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    else:
        dtype = torch.float32
    return torch.device("cuda" if cuda else "cpu"), dtype


def _load_ours(read: _Read, options: LoadOptions, pulse: Pulse) -> Model:
    import torch
    from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
    from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
    from diffusers.schedulers.scheduling_ddpm import DDPMScheduler

    device, dtype = device_and_dtype(options)

    def component(made: Any, part: str, kind: "torch.dtype" = dtype) -> Any:
        path = read.folder / part
        # The dtype is always said: half-precision weights are otherwise kept as they are, and meet floats in the UNet.
        loaded = made.from_pretrained(path, dtype=kind, use_safetensors=True, variant=weights.variant(path))
        pulse.watch(loaded)
        return loaded.to(device).eval().requires_grad_(False)

    unet = component(UNet2DConditionModel, "unet")
    # The decoder stays in float32: it runs but once per picture, and in half precision SDXL's overflows, others band.
    vae = component(AutoencoderKL, "vae", torch.float32)
    text = _text_encoders(read.folder, read.index, component)
    scheduler_config = json.loads((read.folder / "scheduler" / "scheduler_config.json").read_text())
    # Built only for its alphas and its idea of what an unsaid prediction type means.
    reference: Any = DDPMScheduler.from_config(scheduler_config)
    scale = 2 ** (len(vae.config.block_out_channels) - 1)
    size = unet.config.sample_size
    height, width = (size, size) if isinstance(size, int) else size
    small = unet.num_parameters() < _SMALL_WEIGHTS
    if device.type == "cpu":
        make_rows_independent(unet)
    denoiser, accelerated = accelerated_unet(unet, options.acceleration, pulse)
    return Model(
        card=ModelCard(
            name=read.name,
            source=read.source,
            hash=read.hash,
            native_width=width * scale,
            native_height=height * scale,
            multiple=scale,
            device=str(device),
            accelerated=accelerated,
        ),
        device=device,
        text=text,
        unet=unet,
        denoiser=denoiser,
        vae=vae,
        scheduler_config=scheduler_config,
        prediction_type=reference.config.prediction_type,
        alphas_cumprod=reference.alphas_cumprod.double(),
        colours=fit_colours(vae, scale),
        threads=1 if small else options.cores,
        lanes=options.cores if small and device.type == "cpu" else 1,
    )


def _text_encoders(folder: Path, index: dict[str, Any], component: Any) -> TextEncoders:
    pairs: list[tuple[Any, Any]] = []
    for suffix in ("", "_2"):
        library, kind = (index.get(f"text_encoder{suffix}") or [None, None])[:2]
        if library is None or kind is None:
            continue
        transformers = importlib.import_module(library)
        tokenizer = getattr(transformers, index[f"tokenizer{suffix}"][1]).from_pretrained(folder / f"tokenizer{suffix}")
        pairs.append((tokenizer, component(getattr(transformers, kind), f"text_encoder{suffix}")))
    sdxl = index["_class_name"] == "StableDiffusionXLPipeline"
    zeros = sdxl and bool(index.get("force_zeros_for_empty_prompt", True))
    return TextEncoders(pairs, pooled=sdxl, zeros_for_empty=zeros)


def _load_foreign(read: _Read, options: LoadOptions, pulse: Pulse) -> ForeignModel | VideoModel:
    """Any other pipeline that makes pictures from words, or frames, run as diffusers wrote it."""
    from diffusers.pipelines.auto_pipeline import AutoPipelineForText2Image
    from diffusers.pipelines.pipeline_utils import DiffusionPipeline

    device, dtype = device_and_dtype(options)
    parts = [p for p in read.folder.iterdir() if read.index.get(p.name) and (p / "config.json").is_file()]
    variants = {weights.variant(part) for part in sorted(parts)}
    # What a folder leaves out on purpose (Stable Diffusion 3 without T5), diffusers wants to be told again.
    left_out = {part: None for part, value in read.index.items() if isinstance(value, list) and not any(value)}
    films = read.index.get("_class_name") in KINDS
    made: Any = DiffusionPipeline if films else AutoPipelineForText2Image
    pipeline = made.from_pretrained(
        read.folder, dtype=dtype, use_safetensors=True, variant="fp16" if "fp16" in variants else None, **left_out
    ).to(device)
    pipeline.set_progress_bar_config(disable=True)
    for network in pipeline.components.values():
        if hasattr(network, "register_forward_hook"):
            pulse.watch(network)
    accelerated = accelerate_pipeline(pipeline, options.acceleration)
    model = (VideoModel if films else ForeignModel)(read.name, read.source, read.hash, pipeline, options.cores)
    model.card = replace(model.card, accelerated=accelerated)
    return model
