"""What a model is, read out of its files: formats of the field, hostile headers, pickles under other names."""

import contextlib
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import save

from services.diffusion.registry import header, hub
from services.diffusion.registry.archive import inside
from services.diffusion.registry.family import Kin, recognised
from services.diffusion.registry.faults import Refused
from services.diffusion.registry.inspection import inspect
from services.diffusion.settings import STARTER
from services.kit.failures import BadInput
from services.kit.model_places import Address, Bucket, Folder, Hub, Package, parse
from tests.service.model_sources import lora, raw, write

# Building the tables of characters takes a busy machine long, once.
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def silent(_: int) -> None:
    """Nobody waits."""


@pytest.mark.parametrize(
    ("names", "kin"),
    [
        (
            {"model.diffusion_model.input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight": (320, 768)},
            Kin("base", "sd1"),
        ),
        (
            {"model.diffusion_model.input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight": (320, 1024)},
            Kin("base", "sd2"),
        ),
        (
            {"model.diffusion_model.input_blocks.4.1.transformer_blocks.0.attn2.to_k.weight": (640, 2048)},
            Kin("base", "sdxl"),
        ),
        ({"down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k.weight": (320, 768)}, Kin("base", "sd1")),
        ({"double_blocks.0.img_attn.qkv.weight": (9216, 3072)}, Kin("base", "flux")),
        ({"model.diffusion_model.joint_blocks.0.context_block.attn.qkv.weight": (4608, 1536)}, Kin("base", "sd3")),
        ({"patch_embedding.weight": (1536, 16, 1, 2, 2), "blocks.0.self_attn.q.weight": (8, 8)}, Kin("base", "wan")),
        ({"patchify_proj.weight": (2048, 128)}, Kin("base", "ltx")),
        ({"encoder.conv_in.weight": (1, 3, 3, 3), "decoder.conv_in.weight": (8, 4, 3, 3)}, Kin("vae", "sd")),
        ({"encoder.conv_in.weight": (1, 3, 3, 3), "decoder.conv_in.weight": (8, 16, 3, 3)}, Kin("vae", "sd3")),
        ({"conv_first.weight": (64, 3, 3, 3), "body.0.rdb1.conv1.weight": (32, 64, 3, 3)}, Kin("upscaler", "esrgan")),
        ({"down_blocks.3.motion_modules.0.temporal_transformer.x": (1,)}, Kin("motion_adapter", "sd1")),
        ({"model.embed_tokens.weight": (100, 8)}, Kin("text", "transformers")),
        ({"emb_params": (4, 768)}, Kin("embedding", "sd1")),
        ({"clip_l": (4, 768), "clip_g": (4, 1280)}, Kin("embedding", "sdxl")),
        (
            {"lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k.lora_down.weight": (16, 768)},
            Kin("lora", "sd1", 16),
        ),
        (
            {"unet.down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k.lora_A.weight": (8, 2048)},
            Kin("lora", "sdxl", 8),
        ),
        ({"lora_unet_double_blocks_0_img_attn_proj.lora_down.weight": (4, 3072)}, Kin("lora", "flux", 4)),
        ({"transformer.transformer_blocks.0.attn.add_k_proj.lora_A.weight": (4, 1536)}, Kin("lora", "sd3", 4)),
        ({"diffusion_model.blocks.0.cross_attn.k.lora_A.weight": (32, 5120)}, Kin("lora", "wan", 32)),
        ({"something": (2, 2)}, Kin("")),
    ],
)
def test_weights_are_told_by_the_names_and_shapes_of_their_tensors(names: dict[str, tuple[int, ...]], kin: Kin) -> None:
    assert recognised(names) == kin


def test_a_diffusers_folder_is_told_by_its_index(tmp_path: Path) -> None:
    found = inspect(STARTER, silent)
    assert (found.kind, found.family, found.base_model) == ("base", "sd-128", "StableDiffusionPipeline")
    assert found.size == sum(f.size for f in found.files) and len(found.sha256) == len(found.hash) == 64


def test_trigger_words_are_what_the_author_says_then_what_most_pictures_have(tmp_path: Path) -> None:
    tags = {"5_cats": {"cat": 40, "ohwx": 39, "sofa": 3}}
    metadata = {"modelspec.trigger_phrase": "ohwx, my cat", "ss_tag_frequency": json.dumps(tags)}
    write(tmp_path, {"a.safetensors": lora(metadata=metadata)})
    assert inspect(tmp_path, silent).trigger_words == ("ohwx", "my cat", "cat")


@pytest.mark.parametrize("text", ["[1]", '{"a": 3}', '{"a": {"b": "c"}}', "{", "[" * 100_000])
def test_tags_that_cannot_be_read_say_nothing(tmp_path: Path, text: str) -> None:
    write(tmp_path, {"a.safetensors": lora(metadata={"ss_tag_frequency": text})})
    assert isinstance(inspect(tmp_path, silent).trigger_words, tuple)


ONE = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "too short"),
        (b"\x80\x04\x95" + b"\0" * 200, "header|safetensors"),
        (b"\xff" * 8 + b"{}", "claims a header"),
        ((1000).to_bytes(8, "little") + b"{}", "ends within"),
        (raw(b"not json"), "no safetensors header"),
        (raw(b"{" + b'"a":' * 50_000), "no JSON"),
        (raw(b'{"a":1,"a":1}'), "twice"),
        (raw({"a": 3}), "no known way"),
        (raw({"a": {**ONE, "dtype": "OBJECT"}}, b"\0" * 4), "unknown type"),
        (raw({"a": {**ONE, "shape": [-1]}}, b"\0" * 4), "shape or place"),
        (raw({"a": {**ONE, "shape": [True]}}, b"\0" * 4), "shape or place"),
        (raw({"a": {**ONE, "shape": [2]}}, b"\0" * 4), "do not fit"),
        (raw({"a": {**ONE, "shape": [2**62, 4]}}, b"\0" * 4), "do not fit"),
        (raw({"a": ONE, "b": ONE}, b"\0" * 4), "overlap"),
        (raw({"a": {**ONE, "data_offsets": [4, 8]}}, b"\0" * 8), "gaps"),
        (raw({"a": ONE}, b"\0" * 5), "not whole"),
        (raw({"a": ONE}), "not whole"),
        (raw({"a": ONE, "__metadata__": {"x": 1}}, b"\0" * 4), "not text"),
    ],
)
def test_a_header_that_is_not_true_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "a.safetensors"
    path.write_bytes(content)
    with pytest.raises(Refused, match=reason):
        header.read(path)


@PATIENT
@given(st.binary(max_size=300), st.integers(0, 400))
def test_no_bytes_do_more_than_be_refused(text: bytes, room: int) -> None:
    with contextlib.suppress(Refused):
        header.parse(text, room)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=20,
)


@PATIENT
@given(st.dictionaries(st.sampled_from(["a", "b", "__metadata__"]), _JSON), st.integers(0, 64))
def test_no_json_does_more_than_be_refused(data: dict[str, object], room: int) -> None:
    with contextlib.suppress(Refused):
        header.parse(json.dumps(data).encode(), room)


@PATIENT
@given(st.dictionaries(st.text(min_size=1, max_size=20), st.lists(st.integers(0, 3), max_size=3), max_size=6))
def test_what_the_format_s_own_library_writes_is_read(shapes: dict[str, list[int]]) -> None:
    shapes.pop("__metadata__", None)
    content = save({name: np.zeros(shape, np.float16) for name, shape in shapes.items()}, {"k": "v"})
    length = int.from_bytes(content[:8], "little")
    found = header.parse(content[8 : 8 + length].rstrip(b" "), len(content) - 8 - length)
    assert {name: list(shape) for name, shape in found.shapes.items()} == shapes


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("model.safetensors", b"\x80\x04\x95\x10" + b"\0" * 40),
        ("model.safetensors", b"PK\x03\x04" + b"\0" * 40),
        ("model.ckpt", b"anything at all"),
        ("model.pt", b"\x80\x02"),
        ("pytorch_model.bin", b"\x80\x02"),
    ],
)
def test_a_pickle_is_refused_with_the_reason(tmp_path: Path, name: str, content: bytes) -> None:
    write(tmp_path, {name: content})
    with pytest.raises(Refused, match="can run any code"):
        inspect(tmp_path, silent)


def test_what_lies_beside_the_weights_is_left_behind(tmp_path: Path) -> None:
    write(tmp_path, {"a.safetensors": lora(), "old.bin": b"\x80\x02", "run.py": b"import os", "x.png": b"\x89PNG"})
    assert [file.path for file in inspect(tmp_path, silent).files] == ["a.safetensors"]


@pytest.mark.parametrize("name", ["../a", "a/../../b", "/etc/passwd", "..\\a", "", "a\0b"])
def test_no_name_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(Refused, match="leads out"):
        inside(tmp_path, name)


def test_of_a_repository_one_set_of_weights_is_taken() -> None:
    files = ["model_index.json", "README.md", "unet/config.json", "unet/diffusion_pytorch_model.safetensors"]
    more = ["unet/diffusion_pytorch_model.fp16.safetensors", "unet/diffusion_pytorch_model.bin", "big.safetensors"]
    assert hub.choose(files + more, {"unet"}) == ["model_index.json", *files[2:]]
    assert hub.choose(["a.safetensors", "b.txt"], None) == ["a.safetensors"]
    assert hub.choose(["config.json", "x.fp16.safetensors"], None) == ["config.json", "x.fp16.safetensors"]
    with pytest.raises(Refused, match=r"several models; name one of a\.safetensors, b\.safetensors"):
        hub.choose(["a.safetensors", "b.safetensors"], None)
    with pytest.raises(Refused, match="only pickles"):
        hub.choose(["pytorch_model.bin"], None)


def test_sources_are_written_as_people_write_them() -> None:
    assert parse("org/name") == parse("hf://org/name") == Hub("org/name", "", "")
    assert parse("hf://org/name@v1.0/sub/x.safetensors") == Hub("org/name", "v1.0", "sub/x.safetensors")
    assert parse("pypi://some-name==1.2.3/a/b") == Package("some-name", "1.2.3", "a/b")
    assert parse("s3://bucket/a/b") == Bucket("bucket", "a/b")
    assert parse("https://example.com/x") == Address("https://example.com/x")
    assert parse("file:///a/b") == parse("/a/b") == Folder("/a/b")
    for wrong in ("", "what", "ftp://a/b", "s3://x", "pypi://name/path", "hf://name", "a b/c"):
        with pytest.raises(BadInput) as fault:
            parse(wrong)
        assert fault.value.fields[0].field == "source"
