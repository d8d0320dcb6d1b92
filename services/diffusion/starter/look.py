"""Train a LoRA that gives the starter model's pictures another look: brown ink and wash on old paper.

    python -m services.diffusion.starter.look --out services/diffusion/starter/loras/sepia.safetensors

The training pictures are those of `data.py`, drawn over. Rank 4 on the UNet's attention, some five minutes on one CPU
core; the same seed and number of steps give the same weights on the same machine.
"""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path

import numpy as np
import torch
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion import StableDiffusionPipeline
from numpy.typing import NDArray
from peft import LoraConfig
from peft.utils import get_peft_model_state_dict

from services.diffusion.starter.autoencoder import encode
from services.diffusion.starter.data import CAPTIONS_EACH, examples
from services.diffusion.starter.denoiser import velocity_loss
from services.diffusion.starter.networks import build_schedule, load_parts
from services.diffusion.starter.sprites import load_sprites
from services.diffusion.starter.tokenizer import MAX_TOKENS, tokenize

STARTER = Path(__file__).parent / "weights"
_PAPER = np.array((246, 232, 202), np.float32)
_WASH = np.array((150, 98, 52), np.float32)
_INK = np.array((58, 32, 14), np.float32)
_ATTENTION = ["to_q", "to_k", "to_v", "to_out.0"]
_UNCONDITIONAL = 0.1


def drawn_over(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A picture, uint8 (size, size, 3), in brown ink: darkness becomes wash, edges become lines."""
    colours = pixels.astype(np.float32)
    luma = colours @ np.array((0.299, 0.587, 0.114), np.float32) / 255  # ITU-R BT.601
    down, across = (np.abs(np.gradient(colours, axis=axis)).max(-1) for axis in (0, 1))
    lines = np.clip((np.maximum(down, across) - 12) / 50, 0, 1)[..., None]
    # Three tones of wash, softly joined: a drawing, not a photograph.
    tones = np.clip((1 - luma) * 1.15, 0, 1)
    steps = (np.floor(tones * 3) + 1 / (1 + np.exp(-(tones * 3 % 1 - 0.5) * 12))) / 3
    washed = _PAPER + (_WASH - _PAPER) * (steps[..., None] * 0.85)
    return (washed + (_INK - washed) * lines * 0.9).clip(0, 255).astype(np.uint8)


def train(
    cache: Path, count: int, steps: int, batch: int, rank: int, peak: float, seed: int
) -> dict[str, torch.Tensor]:
    """The LoRA's weights in diffusers' naming."""
    parts, device = load_parts(STARTER), torch.device("cpu")
    shown = list(examples(load_sprites(cache), count, parts.resolution, seed))
    pixels = np.stack([drawn_over(example.pixels) for example in shown])
    latents = encode(parts.autoencoder, pixels, device) * float(parts.autoencoder.config["scaling_factor"])
    captions = [words for example in shown for words in example.captions]
    tokens = tokenize(parts.tokenizer, captions).view(count, CAPTIONS_EACH, MAX_TOKENS)
    silence = tokenize(parts.tokenizer, [""])[0]

    torch.manual_seed(seed)
    unet = parts.denoiser.requires_grad_(False).train()
    unet.add_adapter(LoraConfig(r=rank, lora_alpha=rank, target_modules=_ATTENTION, init_lora_weights="gaussian"))
    trained = [parameter for parameter in unet.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trained, peak, betas=(0.9, 0.99), weight_decay=0.0)
    signal, rng = build_schedule().alphas_cumprod, torch.Generator().manual_seed(seed)
    parts.text_encoder.requires_grad_(False).eval()
    average = None
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = (
                peak * min(1.0, (step + 1) / 20) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * step / steps)))
            )
        chosen = torch.randint(count, (batch,), generator=rng)
        wording = torch.randint(CAPTIONS_EACH, (batch,), generator=rng)
        silent = torch.rand(batch, generator=rng) < _UNCONDITIONAL
        words = torch.where(silent[:, None], silence, tokens[chosen, wording]).long()
        times = torch.randint(1000, (batch,), generator=rng)
        noise = torch.randn((batch, *latents.shape[1:]), generator=rng)
        loss = velocity_loss(parts.text_encoder, unet, signal, latents[chosen], words, times, noise).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        average = loss.item() if average is None else 0.98 * average + 0.02 * loss.item()
        if step % 20 == 0:
            print(json.dumps({"step": step, "loss": round(average, 4)}), flush=True)
    return get_peft_model_state_dict(unet)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--out", type=Path, required=True, help="the safetensors file to write")
    add("--cache", type=Path, default=Path(".cache/starter"), help="folder for the emoji packages")
    add("--examples", type=int, default=3000, help="pictures to draw (default: %(default)s)")
    add("--steps", type=int, default=500)
    add("--batch", type=int, default=24)
    add("--rank", type=int, default=4)
    add("--learning-rate", type=float, default=3e-3)
    add("--seed", type=int, default=0)
    asked = parser.parse_args()
    layers = train(asked.cache, asked.examples, asked.steps, asked.batch, asked.rank, asked.learning_rate, asked.seed)
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    StableDiffusionPipeline.save_lora_weights(
        asked.out.parent,
        unet_lora_layers={name: weight.half() for name, weight in layers.items()},
        weight_name=asked.out.name,
    )


if __name__ == "__main__":
    main()
