"""The parts of the model, in Stable Diffusion's classes and tiny sizes, and the folder they are kept in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion import StableDiffusionPipeline
from diffusers.schedulers.scheduling_ddim import DDIMScheduler
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from services.diffusion.starter.tokenizer import MAX_TOKENS

LATENT_SIZE = 16  # latent pixels on a side, at any resolution: a larger picture gets a deeper autoencoder
LATENT_CHANNELS = 4


@dataclass(frozen=True)
class Widths:
    """Channel counts. The autoencoder's last width repeats for each further halving that the resolution needs."""

    autoencoder: tuple[int, ...] = (16, 32, 64)
    denoiser: tuple[int, ...] = (64, 128, 192)
    text: int = 128
    text_layers: int = 2


def build_autoencoder(resolution: int, widths: Widths) -> AutoencoderKL:
    """Pixels (n, 3, resolution, resolution) in -1..1 to latents (n, 4, 16, 16) and back."""
    halvings = (resolution // LATENT_SIZE).bit_length() - 1
    if LATENT_SIZE << halvings != resolution:
        raise ValueError(f"resolution must be {LATENT_SIZE} times a power of two, not {resolution}")
    channels = (*widths.autoencoder, *[widths.autoencoder[-1]] * halvings)[: halvings + 1]
    return AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * len(channels),  # type: ignore[arg-type]  # annotated as one-tuples
        up_block_types=("UpDecoderBlock2D",) * len(channels),  # type: ignore[arg-type]
        block_out_channels=channels,  # type: ignore[arg-type]
        layers_per_block=1,
        latent_channels=LATENT_CHANNELS,
        norm_num_groups=1,
        mid_block_add_attention=False,
        sample_size=resolution,
        scaling_factor=1.0,  # latents are normalised inside (autoencoder.normalise)
    )


def build_text_encoder(tokenizer: CLIPTokenizer, widths: Widths) -> CLIPTextModel:
    """Token ids (n, 77) to states (n, 77, text); trained together with the denoiser."""
    return CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(tokenizer),
            hidden_size=widths.text,
            intermediate_size=4 * widths.text,
            num_hidden_layers=widths.text_layers,
            num_attention_heads=4,
            max_position_embeddings=MAX_TOKENS,
            projection_dim=widths.text,
            bos_token_id=len(tokenizer) - 2,  # the two markers end the vocabulary; padding is the end marker
            eos_token_id=len(tokenizer) - 1,
            pad_token_id=len(tokenizer) - 1,
        )
    )


def build_denoiser(widths: Widths) -> UNet2DConditionModel:
    """The UNet; text is attended to at every level but the outermost, where it costs most and says least."""
    inner = len(widths.denoiser) - 1
    return UNet2DConditionModel(
        sample_size=LATENT_SIZE,
        in_channels=LATENT_CHANNELS,
        out_channels=LATENT_CHANNELS,
        layers_per_block=1,
        block_out_channels=widths.denoiser,
        down_block_types=("DownBlock2D", *["CrossAttnDownBlock2D"] * inner),
        up_block_types=(*["CrossAttnUpBlock2D"] * inner, "UpBlock2D"),
        cross_attention_dim=widths.text,
        attention_head_dim=4,
        norm_num_groups=8,
        use_linear_projection=True,
    )


def build_schedule() -> DDIMScheduler:
    """Stable Diffusion's noise schedule, ended lower (0.02) and predicting velocity (Salimans & Ho 2022).

    SD's own end (0.012) leaves a trace of the picture's mean in the last step, which training learns to trust and
    sampling, starting from pure noise, cannot give: bright and dark backgrounds then come out mid-grey.
    """
    return DDIMScheduler(
        num_train_timesteps=1000,
        beta_start=0.00085,
        beta_end=0.02,
        beta_schedule="scaled_linear",
        prediction_type="v_prediction",
        clip_sample=False,
        set_alpha_to_one=False,
        steps_offset=1,
    )


@dataclass
class Parts:
    """The trained parts, in float32, and the tokenizer."""

    autoencoder: AutoencoderKL
    text_encoder: CLIPTextModel
    denoiser: UNet2DConditionModel
    tokenizer: CLIPTokenizer

    @property
    def resolution(self) -> int:
        """Native picture size in pixels."""
        return int(self.denoiser.config["sample_size"]) * 2 ** (len(self.autoencoder.config["block_out_channels"]) - 1)

    def pipeline(self) -> StableDiffusionPipeline:
        return StableDiffusionPipeline(
            vae=self.autoencoder,
            text_encoder=self.text_encoder,
            tokenizer=self.tokenizer,
            unet=self.denoiser,
            scheduler=build_schedule(),  # type: ignore[arg-type]  # annotated as an enumeration of names
            safety_checker=None,  # type: ignore[arg-type]  # the pipeline allows none; its annotation does not
            feature_extractor=None,  # type: ignore[arg-type]
            requires_safety_checker=False,
        )


def load_parts(folder: Path) -> Parts:
    """The parts of a Stable Diffusion folder, in float32 whatever it is stored in."""
    # .float() besides the argument: weights stored in half keep their type in some loaders.
    return Parts(
        autoencoder=AutoencoderKL.from_pretrained(folder / "vae").float(),
        text_encoder=CLIPTextModel.from_pretrained(str(folder / "text_encoder"), dtype=torch.float32).float(),
        denoiser=UNet2DConditionModel.from_pretrained(folder / "unet").float(),
        tokenizer=CLIPTokenizer.from_pretrained(str(folder / "tokenizer")),
    )
