"""Write a training run's weights as a Stable Diffusion folder: half precision, in files small enough for a repository.

    python -m services.diffusion.starter.export --run RUN --out FOLDER

works at any moment of a run: a stage still in training gives the averaged weights of its latest checkpoint.
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

import torch
from torch import nn

from services.diffusion.starter.checkpoint import averaged_weights
from services.diffusion.starter.networks import Parts, load_parts
from services.diffusion.starter.tokenizer import save_tokenizer

SHARD_SIZE = "5500KB"


def overlay(module: nn.Module, weights: dict[str, torch.Tensor], prefix: str) -> None:
    """Copy those of ``weights`` whose names start with ``prefix`` into ``module``."""
    own = dict(module.named_parameters())
    with torch.no_grad():
        for name, tensor in weights.items():
            if name.startswith(prefix):
                own[name.removeprefix(prefix)].copy_(tensor)


def assemble(run: Path) -> Parts:
    """The parts of a run as they are now, in float32."""
    parts = load_parts(run / "parts")
    vae = parts.autoencoder
    places: dict[str, dict[str, nn.Module]] = {
        "autoencoder": {"vae.": vae},
        "denoiser": {"unet.": parts.denoiser, "text_encoder.": parts.text_encoder},
        "decoder": {"decoder.": vae.get_submodule("decoder"), "post_quant_conv.": vae.get_submodule("post_quant_conv")},
    }
    for stage, modules in places.items():
        # A stage that is done lies in parts already, and more may have happened to it there.
        weights = None if (run / stage / "done").is_file() else averaged_weights(run / stage)
        for prefix, module in modules.items():
            overlay(module, weights or {}, prefix)
    return parts


def write_folder(parts: Parts, folder: Path, dtype: torch.dtype = torch.float16) -> None:
    """Write ``folder`` anew, atomically; it converts ``parts`` in place."""
    partial = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    for module in (parts.autoencoder, parts.text_encoder, parts.denoiser):
        for parameter in module.parameters():
            parameter.data = parameter.data.to(dtype).contiguous()
    parts.pipeline().save_pretrained(partial, safe_serialization=True, max_shard_size=SHARD_SIZE)
    save_tokenizer(parts.tokenizer, partial / "tokenizer")
    for path in (*partial.glob("*/config.json"), partial / "model_index.json"):
        settings = json.loads(path.read_text())
        settings.pop("_name_or_path", None)  # where it was loaded from, on this machine
        path.write_text(json.dumps(settings, indent=2, sort_keys=True) + "\n")
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path, required=True, help="the folder given to train as --run")
    parser.add_argument("--out", type=Path, required=True, help="the folder to write")
    arguments = parser.parse_args()
    write_folder(assemble(arguments.run), arguments.out)


if __name__ == "__main__":
    main()
