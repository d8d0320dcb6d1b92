"""Diffusers folders of other architectures with tiny random weights, and the starter model's tokenizer."""

# diffusers annotates what its constructors take more narrowly than what they take.
# pyright: reportArgumentType=false
from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from diffusers.models.transformers.transformer_sd3 import SD3Transformer2DModel
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from diffusers.pipelines.latent_consistency_models.pipeline_latent_consistency_text2img import (
    LatentConsistencyModelPipeline,
)
from diffusers.pipelines.stable_diffusion_3.pipeline_stable_diffusion_3 import StableDiffusion3Pipeline
from diffusers.pipelines.stable_diffusion_xl.pipeline_stable_diffusion_xl import StableDiffusionXLPipeline
from diffusers.schedulers.scheduling_euler_discrete import EulerDiscreteScheduler
from diffusers.schedulers.scheduling_flow_match_euler_discrete import FlowMatchEulerDiscreteScheduler
from diffusers.schedulers.scheduling_lcm import LCMScheduler
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

from services.diffusion.settings import STARTER

WIDTH = 16
_CHANNELS = 4


def tokenizer() -> Any:
    """The starter model's."""
    return CLIPTokenizer.from_pretrained(STARTER / "tokenizer")


def text(kind: Any) -> Any:
    """A text encoder."""
    return kind(
        CLIPTextConfig(
            vocab_size=len(tokenizer()),
            hidden_size=WIDTH,
            intermediate_size=WIDTH,
            num_hidden_layers=2,
            num_attention_heads=2,
            projection_dim=WIDTH,
            eos_token_id=tokenizer().eos_token_id,
        )
    )


def vae(channels: int = _CHANNELS) -> Any:
    """An autoencoder of four pixels per latent."""
    return AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 3,
        up_block_types=("UpDecoderBlock2D",) * 3,
        block_out_channels=(8, 8, 8),
        latent_channels=channels,
        norm_num_groups=2,
        sample_size=64,
        shift_factor=0.0,
    )


def unet(**more: Any) -> Any:
    """A denoiser."""
    return UNet2DConditionModel(
        sample_size=16,
        in_channels=_CHANNELS,
        out_channels=_CHANNELS,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        block_out_channels=(16, 32),
        layers_per_block=1,
        norm_num_groups=4,
        attention_head_dim=4,
        **more,
    )


def sdxl(folder: Path) -> Path:
    """Stable Diffusion XL: two text encoders, pooled text and size conditioning."""
    torch.manual_seed(1)
    # Six numbers of size conditioning, eight features each, beside the pooled text.
    denoiser = unet(
        cross_attention_dim=2 * WIDTH,
        addition_embed_type="text_time",
        addition_time_embed_dim=8,
        projection_class_embeddings_input_dim=WIDTH + 6 * 8,
    )
    StableDiffusionXLPipeline(
        vae=vae(),
        text_encoder=text(CLIPTextModel),
        text_encoder_2=text(CLIPTextModelWithProjection),
        tokenizer=tokenizer(),
        tokenizer_2=tokenizer(),
        unet=denoiser,
        scheduler=EulerDiscreteScheduler(beta_schedule="scaled_linear", beta_start=0.00085, beta_end=0.012),
        add_watermarker=False,
    ).save_pretrained(folder)
    return folder


def lcm(folder: Path) -> Path:
    """A latent consistency model: the guidance scale is an input of the UNet."""
    torch.manual_seed(2)
    LatentConsistencyModelPipeline(
        vae=vae(),
        text_encoder=text(CLIPTextModel),
        tokenizer=tokenizer(),
        unet=unet(cross_attention_dim=WIDTH, time_cond_proj_dim=32),
        scheduler=LCMScheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    ).save_pretrained(folder)
    return folder


def sd3(folder: Path) -> Path:
    """Stable Diffusion 3 without its T5 encoder: a transformer and flow matching."""
    torch.manual_seed(3)
    transformer = SD3Transformer2DModel(
        sample_size=16,
        patch_size=2,
        in_channels=_CHANNELS,
        num_layers=1,
        attention_head_dim=8,
        num_attention_heads=2,
        caption_projection_dim=WIDTH,
        joint_attention_dim=2 * WIDTH,
        pooled_projection_dim=2 * WIDTH,
        out_channels=_CHANNELS,
    )
    no_encoder: Any = None
    StableDiffusion3Pipeline(
        transformer=transformer,
        scheduler=FlowMatchEulerDiscreteScheduler(),
        vae=vae(),
        text_encoder=text(CLIPTextModelWithProjection),
        tokenizer=tokenizer(),
        text_encoder_2=text(CLIPTextModelWithProjection),
        tokenizer_2=tokenizer(),
        text_encoder_3=no_encoder,
        tokenizer_3=no_encoder,
    ).save_pretrained(folder)
    return folder
