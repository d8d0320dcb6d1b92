"""Texts to vectors: a transformer encoder, mean pooling over the real tokens, unit length (Reimers & Gurevych 2019)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from transformers import AutoModel

# Texts of one batch are padded to the longest, so a batch is bounded by padded tokens, not by texts.
_BATCH_TOKENS = 8192
_BATCH_TEXTS = 64


class TooLong(Exception):
    """Text number `index` has `tokens` tokens, more than the model takes."""

    def __init__(self, index: int, tokens: int, limit: int) -> None:
        super().__init__(f"input {index} has {tokens} tokens; this model takes {limit}")
        self.index = index


@dataclass(frozen=True)
class Embeddings:
    """`vectors` is float32 (texts, dimensions), each of length 1; `tokens` were read in all."""

    vectors: np.ndarray
    tokens: int


class EmbeddingModel:
    """A sentence-embedding model from a folder with `config.json`, `tokenizer.json` and safetensors weights."""

    def __init__(self, folder: Path) -> None:
        """Load it; raises OSError if the folder holds no such model."""
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        # Folders often carry the truncation their training used; a text cut short unsaid would be a wrong answer.
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self._model = AutoModel.from_pretrained(
            folder, dtype=torch.float32, local_files_only=True, use_safetensors=True
        ).eval()
        self.dimensions = int(self._model.config.hidden_size)
        self.max_tokens = int(self._model.config.max_position_embeddings)
        self.vocabulary = int(self._model.config.vocab_size)

    def tokenize(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids with the model's special tokens; raises `TooLong`."""
        ids = [encoding.ids for encoding in self._tokenizer.encode_batch(list(texts))]
        for index, found in enumerate(ids):
            if len(found) > self.max_tokens:
                raise TooLong(index, len(found), self.max_tokens)
        return ids

    @torch.inference_mode()
    def embed(self, ids: Sequence[Sequence[int]]) -> Embeddings:
        """Vectors of tokenized texts, in their order."""
        vectors = np.empty((len(ids), self.dimensions), dtype=np.float32)
        for batch in batches([len(found) for found in ids]):
            longest = max(len(ids[i]) for i in batch)
            tokens = torch.zeros((len(batch), longest), dtype=torch.long)
            mask = torch.zeros((len(batch), longest), dtype=torch.long)
            for row, i in enumerate(batch):
                tokens[row, : len(ids[i])] = torch.tensor(ids[i], dtype=torch.long)
                mask[row, : len(ids[i])] = 1
            hidden = self._model(input_ids=tokens, attention_mask=mask).last_hidden_state
            weights = mask.unsqueeze(-1).to(hidden.dtype)
            mean = (hidden * weights).sum(1) / weights.sum(1).clamp(min=1e-9)
            vectors[batch] = torch.nn.functional.normalize(mean, dim=1).numpy()
        return Embeddings(vectors, sum(len(found) for found in ids))


def batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Indices of texts grouped by length, so that little of a batch is padding."""
    batch: list[int] = []
    for index in sorted(range(len(lengths)), key=lengths.__getitem__):
        if batch and (len(batch) >= _BATCH_TEXTS or (len(batch) + 1) * lengths[index] > _BATCH_TOKENS):
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch
