"""Prompts to embeddings: one CLIP text encoder (Stable Diffusion) or two (SDXL), with the latest results remembered.

A prompt is read in chunks of as many tokens as the encoder takes (75 and the two that mark the ends), whose embeddings
are put one behind the other, and the embeddings of words with a weight are multiplied by it, as A1111 does. A short
prompt without weights is encoded as diffusers encodes it, bit for bit.
"""

from collections import OrderedDict
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from services.diffusion.adapters import Adapters, Applied, Rows
from services.diffusion.emphasis import parse

if TYPE_CHECKING:
    import torch

_REMEMBERED = 256


@dataclass(frozen=True)
class Embedding:
    """A prompt as the UNet takes it, on the model's device."""

    tokens: "torch.Tensor"
    """[1, sequence, features]"""
    pooled: "torch.Tensor | None"
    """[1, features] of the last encoder's projection of the first chunk (SDXL), else None."""

    @property
    def length(self) -> int:
        """Places of its sequence."""
        return int(self.tokens.shape[1])


@dataclass(frozen=True)
class _Chunk:
    """What an encoder reads at once."""

    ids: tuple[int, ...]
    weights: tuple[float, ...]


class TextEncoders:
    """Tokenizers and text encoders of one model. For one thread at a time."""

    def __init__(self, pairs: "Sequence[tuple[Any, Any]]", *, pooled: bool, zeros_for_empty: bool) -> None:
        """`pairs` of (tokenizer, encoder). With `pooled` (SDXL) features come from the layer before the last and the
        last encoder's projection is kept; `zeros_for_empty` makes an empty negative prompt all zeros, as SDXL was
        trained."""
        self._pairs = pairs
        self._adapters = [Adapters(encoder) for _, encoder in pairs]
        self._pooled = pooled
        self._zeros_for_empty = zeros_for_empty
        self._cache: OrderedDict[tuple[object, ...], Embedding] = OrderedDict()

    @property
    def modules(self) -> list[Any]:
        """The encoders."""
        return [encoder for _, encoder in self._pairs]

    def pair(self, prompt: str, negative: str, loras: Sequence[Applied] = ()) -> tuple[Embedding, Embedding]:
        """The embeddings of a prompt and a negative prompt, equally long: the shorter one is followed by nothing said.

        Weights being fixed, the same texts and LoRAs give the same tensors.
        """
        chunks = max(self._chunks(prompt), self._chunks(negative))
        zeros = not negative.strip() and self._zeros_for_empty
        return self._remembered(prompt, chunks, loras, False), self._remembered(negative, chunks, loras, zeros)

    def _chunks(self, prompt: str) -> int:
        return max(len(_cut(tokenizer, prompt)) for tokenizer, _ in self._pairs)

    def _remembered(self, prompt: str, chunks: int, loras: Sequence[Applied], zeros: bool) -> Embedding:
        key = (prompt, chunks, zeros, *((applied.lora.hash, applied.weight) for applied in loras))
        if key not in self._cache:
            self._cache[key] = self._encode(prompt, chunks, loras, zeros=zeros)
        self._cache.move_to_end(key)
        if len(self._cache) > _REMEMBERED:
            self._cache.popitem(last=False)
        return self._cache[key]

    def _encode(self, prompt: str, chunks: int, loras: Sequence[Applied], *, zeros: bool) -> Embedding:
        import torch

        features: list[torch.Tensor] = []
        pooled: torch.Tensor | None = None
        with torch.inference_mode(), ExitStack() as stack:
            for index, ((tokenizer, encoder), adapters) in enumerate(zip(self._pairs, self._adapters, strict=True)):
                if loras:
                    parts = tuple(applied.on_encoder(index) for applied in loras)
                    stack.enter_context(adapters.applied([Rows(slice(None), parts)]))
                cut = _cut(tokenizer, prompt)
                cut += _cut(tokenizer, "") * (chunks - len(cut))
                read = [self._read(tokenizer, encoder, chunk) for chunk in cut]
                features.append(torch.cat([states for states, _ in read], dim=1))
                pooled = read[0][1]
            tokens = torch.cat(features, dim=-1)
            if zeros:
                tokens = torch.zeros_like(tokens)
                pooled = torch.zeros_like(pooled) if pooled is not None else None
        return Embedding(tokens, pooled)

    def _read(self, tokenizer: Any, encoder: Any, chunk: _Chunk) -> "tuple[torch.Tensor, torch.Tensor | None]":
        """The states of a chunk, [1, model_max_length, features], and their projection."""
        import torch

        ends = tokenizer.model_max_length - len(chunk.ids) - 1
        ids = [tokenizer.bos_token_id, *chunk.ids, tokenizer.eos_token_id, *[tokenizer.pad_token_id] * (ends - 1)]
        out = encoder(torch.tensor([ids], device=encoder.device), output_hidden_states=self._pooled)
        states = out.hidden_states[-2] if self._pooled else out[0]
        if any(weight != 1.0 for weight in chunk.weights):
            weights = torch.tensor([1.0, *chunk.weights, *[1.0] * ends], device=encoder.device)[None, :, None]
            weighted = states.float() * weights
            # The mean stays what it was, so that weights shift attention and do not make all of it louder.
            states = (weighted * (states.float().mean() / weighted.mean())).to(states.dtype)
        return states, out[0] if self._pooled else None


def _cut(tokenizer: Any, prompt: str) -> list[_Chunk]:
    """The prompt's tokens in chunks; at least one."""
    room = tokenizer.model_max_length - 2
    cut: list[_Chunk] = []
    for spans in parse(prompt):
        ids: list[int] = []
        weights: list[float] = []
        for span in spans:
            own = tokenizer(span.text, add_special_tokens=False).input_ids
            ids += own
            weights += [span.weight] * len(own)
        for start in range(0, max(len(ids), 1), room):
            cut.append(_Chunk(tuple(ids[start : start + room]), tuple(weights[start : start + room])))
    return cut
