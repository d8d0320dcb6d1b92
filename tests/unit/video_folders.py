"""Diffusers folders of models that make frames, with tiny random weights."""

# diffusers annotates what its constructors take more narrowly than what they take.
# pyright: reportArgumentType=false
from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from diffusers.models.autoencoders.autoencoder_kl_ltx import AutoencoderKLLTXVideo
from diffusers.models.autoencoders.autoencoder_kl_temporal_decoder import AutoencoderKLTemporalDecoder
from diffusers.models.autoencoders.autoencoder_kl_wan import AutoencoderKLWan
from diffusers.models.transformers.transformer_ltx import LTXVideoTransformer3DModel
from diffusers.models.transformers.transformer_wan import WanTransformer3DModel
from diffusers.models.unets.unet_motion_model import MotionAdapter
from diffusers.models.unets.unet_spatio_temporal_condition import UNetSpatioTemporalConditionModel
from diffusers.pipelines.animatediff.pipeline_animatediff import AnimateDiffPipeline
from diffusers.pipelines.ltx.pipeline_ltx import LTXPipeline
from diffusers.pipelines.ltx.pipeline_ltx_image2video import LTXImageToVideoPipeline
from diffusers.pipelines.stable_video_diffusion.pipeline_stable_video_diffusion import StableVideoDiffusionPipeline
from diffusers.pipelines.wan.pipeline_wan import WanPipeline
from diffusers.pipelines.wan.pipeline_wan_i2v import WanImageToVideoPipeline
from diffusers.schedulers.scheduling_ddim import DDIMScheduler
from diffusers.schedulers.scheduling_euler_discrete import EulerDiscreteScheduler
from diffusers.schedulers.scheduling_flow_match_euler_discrete import FlowMatchEulerDiscreteScheduler
from transformers import (
    CLIPImageProcessor,
    CLIPTextModel,
    CLIPVisionConfig,
    CLIPVisionModel,
    CLIPVisionModelWithProjection,
    T5Config,
    T5EncoderModel,
    UMT5Config,
    UMT5EncoderModel,
)

from tests.unit import diffusion_folders as folders

_WIDTH = 32


def animatediff(folder: Path) -> Path:
    """Stable Diffusion with a motion adapter: words."""
    torch.manual_seed(4)
    adapter = MotionAdapter(
        block_out_channels=(16, 32), motion_layers_per_block=1, motion_norm_num_groups=4, motion_num_attention_heads=4
    )
    AnimateDiffPipeline(
        vae=folders.vae(),
        text_encoder=folders.text(CLIPTextModel),
        tokenizer=folders.tokenizer(),
        unet=folders.unet(cross_attention_dim=folders.WIDTH),
        motion_adapter=adapter,
        scheduler=DDIMScheduler(beta_schedule="linear", clip_sample=False),
    ).save_pretrained(folder)
    return folder


def svd(folder: Path, frames: int = 4) -> Path:
    """Stable Video Diffusion: a picture."""
    torch.manual_seed(5)
    StableVideoDiffusionPipeline(
        vae=AutoencoderKLTemporalDecoder(
            block_out_channels=[32, 64], down_block_types=["DownEncoderBlock2D"] * 2, latent_channels=4
        ),
        # The pipeline gives it pictures of 224 pixels.
        image_encoder=CLIPVisionModelWithProjection(
            CLIPVisionConfig(
                hidden_size=_WIDTH,
                projection_dim=_WIDTH,
                num_hidden_layers=2,
                num_attention_heads=2,
                image_size=224,
                intermediate_size=16,
                patch_size=32,
            )
        ),
        unet=UNetSpatioTemporalConditionModel(
            block_out_channels=(32, 64),
            layers_per_block=1,
            sample_size=32,
            down_block_types=("CrossAttnDownBlockSpatioTemporal", "DownBlockSpatioTemporal"),
            up_block_types=("UpBlockSpatioTemporal", "CrossAttnUpBlockSpatioTemporal"),
            cross_attention_dim=_WIDTH,
            num_attention_heads=8,
            projection_class_embeddings_input_dim=96,
            addition_time_embed_dim=32,
            num_frames=frames,
        ),
        scheduler=EulerDiscreteScheduler(
            prediction_type="v_prediction",
            use_karras_sigmas=True,
            timestep_type="continuous",
            sigma_min=0.002,
            sigma_max=700,
        ),
        feature_extractor=CLIPImageProcessor(),
    ).save_pretrained(folder)
    return folder


def wan(folder: Path) -> Path:
    """Wan: words."""
    torch.manual_seed(6)
    WanPipeline(**_wan(), transformer=_wan_transformer()).save_pretrained(folder)
    return folder


def wan_image(folder: Path) -> Path:
    """Wan: a picture and words."""
    torch.manual_seed(7)
    width, side = 4, 32
    eyes = CLIPVisionConfig(
        hidden_size=width,
        projection_dim=width,
        intermediate_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        image_size=side,
        patch_size=16,
    )
    # Beside the noise it is given the picture's latents and which frames are known.
    WanImageToVideoPipeline(
        **_wan(),
        transformer=_wan_transformer(in_channels=16 + 16 + 4, image_dim=width),
        image_encoder=CLIPVisionModel(eyes),
        image_processor=CLIPImageProcessor(crop_size=side, size=side),
    ).save_pretrained(folder)
    return folder


def ltx(folder: Path, layers: int = 1) -> Path:
    """LTX: words."""
    torch.manual_seed(8)
    LTXPipeline(**_ltx(layers)).save_pretrained(folder)
    return folder


def ltx_image(folder: Path) -> Path:
    """LTX: a picture and words."""
    torch.manual_seed(9)
    LTXImageToVideoPipeline(**_ltx()).save_pretrained(folder)
    return folder


def _words(kind: Any, config: Any) -> Any:
    return kind(config(vocab_size=len(folders.tokenizer()), d_model=_WIDTH, d_ff=37, d_kv=8, num_layers=2, num_heads=4))


def _wan() -> dict[str, Any]:
    return {
        "vae": AutoencoderKLWan(
            base_dim=3, z_dim=16, dim_mult=[1, 1, 1, 1], num_res_blocks=1, temperal_downsample=[False, True, True]
        ),
        "scheduler": FlowMatchEulerDiscreteScheduler(shift=7.0),
        "text_encoder": _words(UMT5EncoderModel, UMT5Config),
        "tokenizer": folders.tokenizer(),
    }


def _wan_transformer(**more: Any) -> Any:
    return WanTransformer3DModel(
        num_attention_heads=2,
        attention_head_dim=12,
        out_channels=16,
        text_dim=_WIDTH,
        freq_dim=256,
        ffn_dim=32,
        rope_max_seq_len=64,
        num_layers=1,
        **more,
    )


def _ltx(layers: int = 1) -> dict[str, Any]:
    small = (8, 8, 8, 8)
    one = (1, 1, 1, 1, 1)
    scaling = (True, True, False, False)
    return {
        "vae": AutoencoderKLLTXVideo(
            latent_channels=8,
            block_out_channels=small,
            decoder_block_out_channels=small,
            layers_per_block=one,
            decoder_layers_per_block=one,
            spatio_temporal_scaling=scaling,
            decoder_spatio_temporal_scaling=scaling,
            patch_size=1,
        ),
        "transformer": LTXVideoTransformer3DModel(
            in_channels=8,
            out_channels=8,
            num_attention_heads=4,
            attention_head_dim=8,
            cross_attention_dim=_WIDTH,
            num_layers=layers,
            caption_channels=_WIDTH,
        ),
        "scheduler": FlowMatchEulerDiscreteScheduler(),
        "text_encoder": _words(T5EncoderModel, T5Config),
        "tokenizer": folders.tokenizer(),
    }
