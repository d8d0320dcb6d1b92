"""What weights are, told by the names and shapes of their tensors: the only thing that formats have in common.

Names as they stand in the checkpoints of the model families themselves (LDM, kohya, diffusers, peft).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

Shapes = Mapping[str, tuple[int, ...]]

# Width of the text features that cross-attention reads, which differs between the families of Stable Diffusion.
_OF_CONTEXT = {768: "sd1", 1024: "sd2", 1280: "sdxl-refiner", 2048: "sdxl"}
_CONTEXT = re.compile(r"attn2[._]to_k")
_DOWN = re.compile(r"\.(lora_down|lora_A|lora\.down)(\.default)?\.weight$|\.hada_w1_b$|\.lokr_w1(_b)?$")
_LORA = re.compile(r"\.(lora_(down|up|A|B)|lora\.(down|up)|hada_w[12]_[ab]|lokr_w[12](_[ab])?)(\.|$)")


@dataclass(frozen=True)
class Kin:
    """What weights are and which models they belong to."""

    kind: str
    """"base", "lora", "vae", "upscaler", "motion_adapter", "text" or "embedding"; "" = not known."""
    family: str = "unknown"
    rank: int = 0
    """Of a LoRA: the largest of its layers."""
    alpha: float | None = None


def recognised(shapes: Shapes) -> Kin:
    """What tensors of these names and shapes are."""
    for look in (_lora, _embedding, _motion_adapter, _base, _vae, _upscaler, _text):
        kin = look(shapes)
        if kin is not None:
            return kin
    return Kin("")


def of_context(width: int) -> str:
    """The family whose cross-attention reads text features of this width."""
    return _OF_CONTEXT.get(width, f"sd-{width}")


def _lora(shapes: Shapes) -> Kin | None:
    if not any(_LORA.search(name) for name in shapes):
        return None
    down = [shape for name, shape in shapes.items() if _DOWN.search(name) and shape]
    return Kin("lora", _family_of_lora(shapes), max((shape[0] for shape in down), default=0))


def _family_of_lora(shapes: Shapes) -> str:
    names = "\n".join(shapes)
    if re.search(r"double_blocks_|double_blocks\.|single_transformer_blocks", names):
        return "flux"
    if "joint_blocks" in names or re.search(r"transformer_blocks[._]\d+[._]attn[._]add_[kq]_proj", names):
        return "sd3"
    if re.search(r"blocks[._]\d+[._](cross_attn|self_attn)[._]", names) or "condition_embedder" in names:
        return "wan"
    for name, shape in shapes.items():
        if _CONTEXT.search(name) and _DOWN.search(name) and len(shape) > 1:
            return of_context(shape[1])
    if "lora_te2_" in names or "text_encoder_2." in names:
        return "sdxl"
    return "unknown"


def _embedding(shapes: Shapes) -> Kin | None:
    if set(shapes) == {"clip_l", "clip_g"}:
        return Kin("embedding", "sdxl")
    vectors = shapes.get("emb_params") or (next(iter(shapes.values())) if len(shapes) == 1 else None)
    if vectors and len(vectors) in (1, 2) and vectors[-1] in _OF_CONTEXT and "weight" not in next(iter(shapes)):
        return Kin("embedding", of_context(vectors[-1]))
    return None


def _motion_adapter(shapes: Shapes) -> Kin | None:
    motion = [name for name in shapes if "motion_modules." in name]
    if not motion or any(".attn2.to_k." in name and "motion_modules." not in name for name in shapes):
        return None
    # SDXL's UNet has three levels, Stable Diffusion 1's has four.
    return Kin("motion_adapter", "sd1" if any("down_blocks.3." in name for name in motion) else "sdxl")


def _base(shapes: Shapes) -> Kin | None:
    names = {name.removeprefix("model.diffusion_model."): shape for name, shape in shapes.items()}
    family = _of_transformer(names)
    if family is None:
        family = _of_unet(names)
    return Kin("base", family) if family else None


def _of_transformer(names: Shapes) -> str | None:
    if "double_blocks.0.img_attn.qkv.weight" in names or "single_transformer_blocks.0.attn.to_q.weight" in names:
        return "flux"
    if (
        "joint_blocks.0.context_block.attn.qkv.weight" in names
        or "transformer_blocks.0.attn.add_k_proj.weight" in names
    ):
        return "sd3"
    if "patchify_proj.weight" in names or {"proj_in.weight", "caption_projection.linear_1.weight"} <= names.keys():
        return "ltx"
    if "patch_embedding.weight" in names and any(name.startswith("blocks.0.") for name in names):
        return "wan"
    return None


def _of_unet(names: Shapes) -> str | None:
    if not any(name.startswith(("input_blocks.", "down_blocks.")) for name in names):
        return None
    if any("time_stack." in name or "temporal_transformer_blocks." in name for name in names):
        return "svd"
    for name, shape in names.items():
        if name.endswith("attn2.to_k.weight") and len(shape) == 2:
            return of_context(shape[1])
    return None


def _vae(shapes: Shapes) -> Kin | None:
    for prefix in ("", "first_stage_model.", "vae."):
        first = shapes.get(f"{prefix}decoder.conv_in.weight")
        if first and f"{prefix}encoder.conv_in.weight" in shapes:
            # Four channels serve Stable Diffusion 1, 2 and SDXL alike; sixteen serve SD3 and Flux.
            return Kin("vae", {4: "sd", 16: "sd3"}.get(first[1], "unknown") if len(first) == 4 else "unknown")
    return None


def _upscaler(shapes: Shapes) -> Kin | None:
    names = {name.removeprefix("params_ema.").removeprefix("params."): shape for name, shape in shapes.items()}
    rrdb = "conv_first.weight" in names and any(name.startswith("body.0.") for name in names)
    old = "model.0.weight" in names and any("RDB1" in name for name in names)
    compact = len(names.get("body.0.weight", ())) == 4
    return Kin("upscaler", "esrgan") if rrdb or old or compact else None


def _text(shapes: Shapes) -> Kin | None:
    if any(re.search(r"(^|\.)(embed_tokens|wte|word_embeddings)\.weight$", name) for name in shapes):
        return Kin("text", "transformers")
    return None
