"""LoRAs: what diffusers makes of them, whoever shares the batch; files in every naming, and files that do not fit."""

# diffusers annotates what its constructors take more narrowly than what they take.
# pyright: reportArgumentType=false
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel

from services.diffusion.emphasis import LoraTag
from services.diffusion.engine import Engine
from services.diffusion.faults import CannotSample
from services.diffusion.lora import CannotUse, fit
from services.diffusion.lora_names import Layers, Place
from services.diffusion.loras import Loras
from services.diffusion.model import Model
from services.diffusion.settings import SEPIA, STARTER
from tests.unit.diffusion_folders import sd3, sdxl
from tests.unit.diffusion_rig import apple, loaded, sample, starter
from tests.unit.lora_files import phrasing, random_lora, renamed, sepia, with_loras, written

ENCODER = "text_encoder.text_model.encoder.layers.1"
QUERY = "unet.mid_block.attentions.0.transformer_blocks.0.attn1.to_q"
# Linear layers and convolutions of the UNet, and the text encoder; ranks of all sorts.
MIXED = {
    "unet.conv_in": ((3, 4, 3, 3), (64, 3, 1, 1)),
    "unet.down_blocks.0.downsamplers.0.conv": ((2, 64, 3, 3), (64, 2, 1, 1)),
    "unet.up_blocks.1.resnets.0.conv_shortcut": ((1, 320, 1, 1), (128, 1, 1, 1)),
    "unet.mid_block.resnets.0.time_emb_proj": ((4, 256), (192, 4)),
    QUERY: ((8, 192), (192, 8)),
    f"{ENCODER}.self_attn.q_proj": ((4, 128), (128, 4)),
    f"{ENCODER}.mlp.fc1": ((2, 128), (512, 2)),
}


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    running = Engine(cores=2, batch=8)
    yield running
    running.close()


def diffusers_own(file: Path, weight: float) -> np.ndarray:
    from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion import StableDiffusionPipeline

    from services.diffusion.samplers import SAMPLERS

    torch.set_num_threads(1)
    pipeline: Any = StableDiffusionPipeline.from_pretrained(STARTER, dtype=torch.float32, use_safetensors=True)
    pipeline.set_progress_bar_config(disable=True)
    pipeline.scheduler = SAMPLERS["euler"].build(starter().scheduler_config)
    pipeline.load_lora_weights(file.parent, weight_name=file.name, adapter_name="own")
    pipeline.set_adapters("own", weight)
    (image,) = pipeline(
        apple().prompt, num_inference_steps=3, guidance_scale=7.0, generator=torch.Generator().manual_seed(42)
    ).images
    return np.asarray(image, dtype=int)


@pytest.mark.parametrize("weight", [0.8, -1.0])
def test_a_lora_does_what_it_does_in_diffusers(engine: Engine, weight: float) -> None:
    plain, ours = sample(
        engine, [apple(sampler="euler", steps=3), with_loras(apple(sampler="euler", steps=3), ("sepia", weight))]
    )
    wanted = diffusers_own(SEPIA, weight)
    assert np.abs(np.asarray(ours.images[0], dtype=int) - wanted).max() <= 1
    assert np.abs(np.asarray(plain.images[0], dtype=int) - wanted).mean() > 5


def test_so_do_convolutions_and_the_text_encoder(engine: Engine, tmp_path: Path) -> None:
    file = written(tmp_path, random_lora(MIXED))
    (ours,) = sample(engine, [with_loras(apple(sampler="euler", steps=3), ("mixed", 0.5), mixed=file)])
    assert np.abs(np.asarray(ours.images[0], dtype=int) - diffusers_own(file, 0.5)).max() <= 1


def test_a_weight_of_nothing_changes_no_bit(engine: Engine) -> None:
    told = sample(
        engine,
        [
            apple(steps=2),
            with_loras(apple(steps=2), ("sepia", 0.0)),
            with_loras(apple(steps=2, prompt=f"{apple().prompt} <lora:sepia:0>")),
            with_loras(apple(steps=2, prompt=f"{apple().prompt} <lora:sepia:0.5>"), ("sepia", -0.5)),
            with_loras(apple(steps=2), ("sepia", 1.0)),
        ],
    )
    plain, *nothing, whole = [one.pixels for one in told]
    assert nothing == [plain] * 3 and whole != plain


def test_the_same_pixels_come_out_in_company_of_other_loras(engine: Engine, tmp_path: Path) -> None:
    mixed = written(tmp_path, random_lora(MIXED))
    asked = [
        with_loras(apple(steps=3), ("sepia", 1.0)),
        apple(steps=3, seed=1),
        with_loras(apple(steps=3, seed=2, cfg_scale=1.0), ("sepia", 1.0)),
        with_loras(apple(steps=2, seed=3, sampler="heun"), ("mixed", 0.6), ("sepia", 0.4), mixed=mixed),
        with_loras(apple(steps=3, seed=4, cfg_scale=0.0), ("mixed", -1.0), mixed=mixed),
        with_loras(apple(steps=3, seed=5, prompt="a cat"), ("sepia", 0.3)),
    ]
    together = [told.pixels for told in sample(engine, asked)]
    assert together == [sample(engine, [one])[0].pixels for one in asked]
    assert len({pixels[0] for pixels in together}) == len(asked)


def test_the_order_of_loras_plays_no_part(engine: Engine, tmp_path: Path) -> None:
    mixed = written(tmp_path, random_lora(MIXED))
    pair = (("sepia", 0.7), ("mixed", 0.3))
    first, second = (with_loras(apple(steps=2), *order, mixed=mixed) for order in (pair, pair[::-1]))
    one, other = sample(engine, [first, second])
    assert one.pixels == other.pixels


def kohya(layer: str) -> str:
    return "lora_unet_" + layer.replace(".", "_")


def original(layer: str) -> str:
    """As the original Stable Diffusion code has the attention of a model with one layer per block."""
    down = re.sub(r"^down_blocks\.(\d)\.attentions\.0", lambda m: f"input_blocks.{1 + 2 * int(m[1])}.1", layer)
    up = re.sub(r"^up_blocks\.(\d)\.attentions\.(\d)", lambda m: f"output_blocks.{2 * int(m[1]) + int(m[2])}.1", down)
    return kohya(up.replace("mid_block.attentions.0", "middle_block.1"))


def processor(layer: str) -> str:
    before, _, last = layer.replace("to_out.0", "to_out").rpartition(".")
    return f"unet.{before}.processor.{last}"


@pytest.mark.parametrize(
    ("name_of", "down", "up"),
    [
        (kohya, ".lora_down.weight", ".lora_up.weight"),
        (original, ".lora_down.weight", ".lora_up.weight"),
        (lambda layer: f"base_model.model.{layer}", ".lora_A.weight", ".lora_B.weight"),
        (lambda layer: f"base_model.model.{layer}", ".lora_A.default.weight", ".lora_B.default.weight"),
        (lambda layer: f"unet.{layer}", ".lora.down.weight", ".lora.up.weight"),
        (processor, "_lora.down.weight", "_lora.up.weight"),
    ],
    ids=["kohya", "original", "peft", "peft-adapter", "diffusers-old", "diffusers-processors"],
)
def test_every_naming_means_the_same_layers(tmp_path: Path, name_of: Any, down: str, up: str) -> None:
    known = fit("sepia", SEPIA, starter())
    read = fit("made", written(tmp_path, renamed(name_of, down, up)), starter())
    assert read.unet.keys() == known.unet.keys() and len(read.unet) == 56
    for layer, delta in read.unet.items():
        assert torch.equal(delta.down, known.unet[layer].down) and torch.equal(delta.up, known.unet[layer].up)
        assert delta.scale == known.unet[layer].scale == 1.0


def test_names_of_sdxl_are_those_of_the_original_code() -> None:
    unet = UNet2DConditionModel(
        block_out_channels=(8, 16, 16),
        layers_per_block=2,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        transformer_layers_per_block=(1, 2, 3),
        norm_num_groups=4,
        attention_head_dim=4,
        cross_attention_dim=8,
    )
    layers = Layers(unet, [])
    for theirs, ours in {
        "input_blocks_1_0_in_layers_2": "down_blocks.0.resnets.0.conv1",
        "input_blocks_3_0_op": "down_blocks.0.downsamplers.0.conv",
        "input_blocks_4_1_transformer_blocks_1_attn2_to_k": (
            "down_blocks.1.attentions.0.transformer_blocks.1.attn2.to_k"
        ),
        "input_blocks_8_1_proj_out": "down_blocks.2.attentions.1.proj_out",
        "input_blocks_7_0_skip_connection": None,
        "middle_block_1_proj_in": "mid_block.attentions.0.proj_in",
        "middle_block_2_out_layers_3": "mid_block.resnets.1.conv2",
        "output_blocks_0_1_transformer_blocks_2_ff_net_2": "up_blocks.0.attentions.0.transformer_blocks.2.ff.net.2",
        "output_blocks_2_2_conv": "up_blocks.0.upsamplers.0.conv",
        "output_blocks_5_1_proj_in": "up_blocks.1.attentions.2.proj_in",
        "output_blocks_8_0_emb_layers_1": "up_blocks.2.resnets.2.time_emb_proj",
        "time_embed_2": "time_embedding.linear_2",
        "input_blocks_0_0": "conv_in",
        "out_2": "conv_out",
    }.items():
        assert layers.find(f"lora_unet_{theirs}") == (Place(None, ours) if ours else None), theirs


def test_both_text_encoders_of_sdxl_are_found(tmp_path: Path) -> None:
    model = loaded(sdxl(tmp_path))
    assert isinstance(model, Model)
    layers, ending = Layers(model.unet, model.text.modules), "encoder.layers.0.self_attn.q_proj"
    for index, names in enumerate([("lora_te1_", "text_encoder."), ("lora_te2_", "text_encoder_2.")]):
        flat = ending.replace(".", "_")
        found = [layers.find(f"{names[0]}text_model_{flat}"), layers.find(f"{names[1]}text_model.{ending}")]
        assert [place.encoder for place in found if place] == [index] * 2
        for place in found:
            assert place is not None
            assert isinstance(model.text.modules[index].get_submodule(place.layer), torch.nn.Linear)


def test_alpha_is_read_wherever_it_stands(tmp_path: Path) -> None:
    plain = random_lora({QUERY: MIXED[QUERY]})
    layer = QUERY.removeprefix("unet.")
    kohyas = {f"{kohya(layer)}.lora_{half}.weight": w for half, w in zip(("down", "up"), plain.values(), strict=True)}
    peft = tmp_path / "peft"
    peft.mkdir()
    (peft / "adapter_config.json").write_text('{"lora_alpha": 2, "r": 8}')
    for file, scale in [
        (written(tmp_path, plain, "none.safetensors"), 1.0),
        (written(tmp_path, {**kohyas, f"{kohya(layer)}.alpha": torch.tensor(4.0)}, "kohya.safetensors"), 0.5),
        (written(tmp_path, plain, "head.safetensors", lora_adapter_metadata='{"unet.lora_alpha": 16}'), 2.0),
        (
            written(
                tmp_path,
                plain,
                "pattern.safetensors",
                lora_adapter_metadata='{"unet.lora_alpha": 16, "unet.alpha_pattern": {"attn1.to_q": 24}}',
            ),
            3.0,
        ),
        (
            written(
                peft,
                {f"base_model.model.{k.removeprefix('unet.')}": w for k, w in plain.items()},
                "adapter_model.safetensors",
            ),
            0.25,
        ),
    ]:
        assert fit("made", file, starter()).unet[layer].scale == scale, file.name


def refused(file: Path) -> str:
    with pytest.raises(CannotUse) as caught:
        fit("made", file, starter())
    return str(caught.value)


def test_what_does_not_fit_is_refused_with_the_reason(tmp_path: Path) -> None:
    half = {key: weight for key, weight in sepia().items() if "lora_A" in key}
    assert "only a half of unet." in refused(written(tmp_path, half))
    assert "8×100" in refused(written(tmp_path, random_lora({QUERY: ((8, 100), (192, 8))})))
    assert "3×192" in refused(written(tmp_path, random_lora({QUERY: ((3, 192), (192, 8))})))
    other = written(tmp_path, random_lora({"transformer.single_blocks.0.attn.to_q": ((4, 64), (64, 4))}))
    assert "another family of models than starter" in refused(other) and "single_blocks" in refused(other)
    strange = written(tmp_path, {**sepia(), "something.else": torch.zeros(1)})
    assert "something.else" in refused(strange)
    dora = written(tmp_path, {**sepia(), f"{kohya('conv_in')}.dora_scale": torch.zeros(1)})
    assert "DoRA is not supported" in refused(dora)
    assert "holds nothing" in refused(written(tmp_path, {}))
    scalars = {f"{QUERY}.lora_A.weight": torch.tensor(1.0), f"{QUERY}.lora_B.weight": torch.tensor(1.0)}
    assert "does not fit" in refused(written(tmp_path, scalars))
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(SEPIA.read_bytes()[:5000])
    assert "cannot be read" in refused(broken)
    pickle = tmp_path / "made.pt"
    pickle.write_bytes(b"\x80\x04.")
    assert "no safetensors" in refused(pickle)


def test_the_setting_at_fault_is_named(tmp_path: Path) -> None:
    for prompt, asked, field in [
        ("a cat", [("nobody", 1.0)], "loras.0.model"),
        ("a cat", [("sepia", 1.0), ("gone", 1.0)], "loras.1.model"),
        ("a <lora:nobody> cat", [], "prompt"),
        ("a <lora:sepia:much> cat", [], "prompt"),
        ("a <lora:sepia:4.5> cat", [], "prompt"),
    ]:
        with pytest.raises(CannotSample) as caught:
            with_loras(apple(prompt=prompt), *asked, gone=tmp_path / "gone.safetensors")
        assert caught.value.field == field
    with pytest.raises(CannotSample, match="known: sepia"):
        with_loras(apple(), ("nobody", 1.0))


def test_a_pipeline_of_its_own_refuses_loras_instead_of_leaving_them_out(tmp_path: Path) -> None:
    with pytest.raises(CannotSample, match="not applied") as caught:
        phrasing().worded(apple(), [LoraTag("sepia", 1.0)], loaded(sd3(tmp_path)))
    assert caught.value.field == "loras.0.model"


def test_the_latest_loras_are_remembered_within_their_room(tmp_path: Path) -> None:
    files = {name: written(tmp_path, sepia(), f"{name}.safetensors") for name in ("one", "two", "three")}
    size = fit("sepia", SEPIA, starter()).size
    shelf = Loras(files.__getitem__, lambda: list(files), int(size * 2.5))

    def got(name: str) -> object:
        (applied,) = shelf.applied(starter(), [("prompt", LoraTag(name, 1.0))])
        return applied.lora

    one, two = got("one"), got("two")
    assert got("one") is one
    got("three")
    assert got("one") is one and got("two") is not two
    files["one"].write_bytes(SEPIA.read_bytes())
    assert got("one") is not one, "a file that changed is read again"
