"""Settings of the diffusion service, read from `ATELIER_DIFFUSION_…`."""

import os
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator
from pydantic_settings import SettingsConfigDict

from services.diffusion.wildcards import BUILT_IN, Lists, lists_in
from services.kit.settings import ServiceSettings

STARTER = Path(__file__).parent / "starter" / "weights"
SEPIA = Path(__file__).parent / "starter" / "loras" / "sepia.safetensors"


class DiffusionSettings(ServiceSettings):
    """The shared settings and those of this service; each of the latter is `ATELIER_DIFFUSION_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix="ATELIER_", extra="ignore", frozen=True, populate_by_name=True)

    diffusion_model: str = Field(
        f"starter={STARTER}",
        description="Diffusers folders or hub ids: `name=path,name2=hub/id`. The first is the default.",
    )
    diffusion_loras: str = Field(
        f"sepia={SEPIA}", description="LoRAs that can be asked for by name: `name=file.safetensors,name2=…`."
    )
    diffusion_lora_cache_mb: int = Field(512, ge=0, description="Memory for LoRAs that were used lately.")
    diffusion_results: bool = Field(
        True, description="Give again what was made of the very same settings before, for 30 days."
    )
    diffusion_wildcards: Path | None = Field(
        None, description="A folder of lists for `__name__` in prompts: `name.txt`, a line is an entry."
    )
    diffusion_device: Literal["auto", "cpu", "cuda"] = Field("auto", description="`auto` = CUDA where there is one.")
    diffusion_dtype: Literal["auto", "float32", "bfloat16", "float16"] = Field(
        "auto", description="`auto` = float32 on CPU; on CUDA bfloat16, or float16 where that is not supported."
    )
    diffusion_threads: int = Field(0, ge=0, le=1024, description="CPU threads to sample with; 0 = one per core.")
    diffusion_batch: int = Field(8, ge=1, le=256, description="Most pictures sampled in one go.")
    diffusion_batching: Literal["exact", "fast", "off"] = Field(
        "exact",
        description="`exact` batches only where it changes no bit of any picture, `fast` always, `off` never.",
    )
    diffusion_max_area: float = Field(
        16.0, ge=1, description="Largest picture allowed, as a multiple of the model's native area."
    )
    diffusion_compile: bool = Field(
        False,
        description="Run models through `torch.compile`: quicker steps, but minutes for the first picture of each size."
        " Needs a C++ compiler, or CUDA with Triton.",
    )
    diffusion_channels_last: bool = Field(
        False, description="Lay convolutions out for the tensor cores of a GPU; pixels change in the last bits."
    )
    diffusion_block_cache: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="Leave a transformer's later blocks (Flux, Wan, LTX…) out of steps in which its first one changed"
        " by less than this part; 0 = never, 0.05 is usual, more is quicker and worse.",
    )
    diffusion_load_timeout_s: float = Field(
        1800.0, ge=1, description="How long a model may take to load (and download) before a waiting job is given up."
    )
    diffusion_upscalers: Path | None = Field(
        None,
        description="Folder of the upscalers' weights for ncnn; `models/real-esrgan` in the home folder if not set.",
    )
    diffusion_upscale_max_megapixels: float = Field(
        100.0, gt=0, description="Largest picture that upscaling makes, in million pixels."
    )

    diffusion_memory: str = Field(
        "auto",
        pattern=r"^(auto|[1-9][0-9]{6,15})$",
        description="Bytes that loaded models may take together; `auto` = half of the memory, or 85 % of a GPU's.",
    )
    diffusion_disk_bytes: int = Field(
        200 * 1024**3, ge=1024**2, description="Bytes of models of the registry that are kept on this machine's disk."
    )
    diffusion_import_max_bytes: int = Field(
        64 * 1024**3, ge=1024, description="The largest model that is brought into the registry."
    )
    diffusion_import_folders: str = Field(
        "", description="Folders of this machine, comma-separated, that models may be brought in from, besides `models`"
        " in the home folder.",
    )  # fmt: skip
    diffusion_import_buckets: str = Field(
        "", description="Buckets of the object storage, comma-separated, that models may be brought in from."
    )
    diffusion_import_hosts: str = Field(
        "", description="Hosts, comma-separated, that models may be downloaded from though they are private or have no"
        " TLS.",
    )  # fmt: skip

    @field_validator("diffusion_model")
    @classmethod
    def _some_model(cls, value: str) -> str:
        if not parse_models(value):
            raise ValueError("names no model")
        return value

    @property
    def sources(self) -> dict[str, str]:
        """Model name → folder or hub id, the default first."""
        return parse_models(self.diffusion_model)

    @property
    def import_folders(self) -> list[Path]:
        """Folders that models may be brought in from."""
        return [self.home / "models", *(Path(part) for part in _parts(self.diffusion_import_folders))]

    @property
    def import_buckets(self) -> list[str]:
        """Buckets that models may be brought in from, besides our own."""
        return _parts(self.diffusion_import_buckets)

    @property
    def import_hosts(self) -> list[str]:
        """Hosts that may be private."""
        return _parts(self.diffusion_import_hosts)

    @property
    def upscalers(self) -> Path:
        """Where the upscalers' weights lie."""
        return self.diffusion_upscalers or self.home / "models" / "real-esrgan"

    @property
    def lora_files(self) -> dict[str, Path]:
        """LoRA name → file."""
        return {name: Path(file).expanduser() for name, file in parse_models(self.diffusion_loras).items()}

    @property
    def wildcards(self) -> Lists:
        """The lists that come along, and those of the folder, which replace namesakes."""
        return {**lists_in(BUILT_IN), **(lists_in(self.diffusion_wildcards) if self.diffusion_wildcards else {})}

    @property
    def cores(self) -> int:
        """CPU threads to use: the setting, or as many as this process may run on."""
        return self.diffusion_threads or len(os.sched_getaffinity(0))


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def parse_models(text: str) -> dict[str, str]:
    """`name=path,name2=hub/id` → mapping; an entry without a name is named after the last part of its path."""
    models: dict[str, str] = {}
    for entry in filter(None, (part.strip() for part in text.split(","))):
        name, separator, source = entry.partition("=")
        if not separator:
            name, source = Path(entry).name.removesuffix(".safetensors"), entry
        models[name.strip()] = source.strip()
    return models
