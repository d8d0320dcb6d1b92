"""Prompts to embeddings: one CLIP text encoder (Stable Diffusion) or two (SDXL), with the latest results remembered."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

_REMEMBERED = 256


@dataclass(frozen=True)
class Embedding:
    """A prompt as the UNet takes it, on the model's device."""

    tokens: "torch.Tensor"
    """[1, sequence, features]"""
    pooled: "torch.Tensor | None"
    """[1, features] of the last encoder's projection (SDXL), else None."""
    dropped: str
    """The end of the prompt that did not fit, empty if all of it did."""


class TextEncoders:
    """Tokenizers and text encoders of one model. For one thread at a time."""

    def __init__(self, pairs: "Sequence[tuple[Any, Any]]", *, pooled: bool, zeros_for_empty: bool) -> None:
        """`pairs` of (tokenizer, encoder). With `pooled` (SDXL) features come from the layer before the last and the
        last encoder's projection is kept; `zeros_for_empty` makes an empty negative prompt all zeros, as SDXL was
        trained."""
        self._pairs = pairs
        self._pooled = pooled
        self._zeros_for_empty = zeros_for_empty
        self._cache: OrderedDict[tuple[str, bool], Embedding] = OrderedDict()

    @property
    def modules(self) -> list[Any]:
        """The encoders."""
        return [encoder for _, encoder in self._pairs]

    def encode(self, prompt: str, *, negative: bool = False) -> Embedding:
        """The embedding of a prompt; weights and LoRAs being fixed, the same text gives the same tensors."""
        key = (prompt, negative)
        if key in self._cache:
            self._cache.move_to_end(key)
            return self._cache[key]
        embedding = self._encode(prompt, zeros=negative and not prompt and self._zeros_for_empty)
        self._cache[key] = embedding
        if len(self._cache) > _REMEMBERED:
            self._cache.popitem(last=False)
        return embedding

    def _encode(self, prompt: str, *, zeros: bool) -> Embedding:
        import torch

        features: list[torch.Tensor] = []
        pooled: torch.Tensor | None = None
        dropped = ""
        with torch.inference_mode():
            for tokenizer, encoder in self._pairs:
                ids, dropped = _tokens(tokenizer, prompt)
                out = encoder(ids.to(encoder.device), output_hidden_states=self._pooled)
                features.append(out.hidden_states[-2] if self._pooled else out[0])
                if self._pooled:
                    pooled = out[0]
            tokens = torch.cat(features, dim=-1)
            if zeros:
                tokens = torch.zeros_like(tokens)
                pooled = torch.zeros_like(pooled) if pooled is not None else None
        return Embedding(tokens, pooled, dropped)


def _tokens(tokenizer: Any, prompt: str) -> "tuple[torch.Tensor, str]":
    """Token ids [1, model_max_length], and the text that had to be cut off."""
    length = tokenizer.model_max_length
    ids = tokenizer(prompt, padding="max_length", max_length=length, truncation=True, return_tensors="pt").input_ids
    whole = tokenizer(prompt, padding=False, truncation=False).input_ids
    # The last place of a full sequence holds the end-of-text token.
    dropped = tokenizer.decode(whole[length - 1 : -1]).strip() if len(whole) > length else ""
    return ids, dropped
