"""A byte-pair vocabulary in CLIP's format, learned from the captions, so that CLIPTokenizer loads it unchanged."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import torch
from tokenizers import Regex, Tokenizer, normalizers, pre_tokenizers
from tokenizers.models import BPE
from tokenizers.trainers import BpeTrainer
from transformers import CLIPTokenizer

MAX_TOKENS = 77  # as CLIP's, which pipelines pad to
_END_OF_WORD = "</w>"
_START, _END = "<|startoftext|>", "<|endoftext|>"
# CLIP's own rule for what is a word (openai/CLIP, simple_tokenizer.py).
_WORDS = r"""<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"""


def train_tokenizer(texts: Iterable[str], size: int = 4000) -> CLIPTokenizer:
    """Learn at most ``size`` pieces; every byte has its own, so any prompt can be written in them."""
    learner = Tokenizer(BPE(end_of_word_suffix=_END_OF_WORD))
    learner.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]
    )
    learner.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_WORDS), behavior="removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    learner.train_from_iterator(
        texts,
        BpeTrainer(
            vocab_size=size,
            min_frequency=10,
            initial_alphabet=alphabet,
            end_of_word_suffix=_END_OF_WORD,
            show_progress=False,
        ),
    )
    merges = [(str(left), str(right)) for left, right in json.loads(learner.to_str())["model"]["merges"]]
    # CLIP's order: bytes, bytes that end a word, merges, then the two markers.
    pieces = [*alphabet, *(piece + _END_OF_WORD for piece in alphabet), *(left + right for left, right in merges)]
    vocabulary = {piece: index for index, piece in enumerate(dict.fromkeys([*pieces, _START, _END]))}
    # Pairs are what its own loader passes too, whatever the annotation says.
    return CLIPTokenizer(vocab=vocabulary, merges=merges, model_max_length=MAX_TOKENS)  # type: ignore[arg-type]


def tokenize(tokenizer: CLIPTokenizer, texts: Sequence[str]) -> torch.Tensor:
    """Padded token ids, int32 (n, 77)."""
    ids = tokenizer(list(texts), padding="max_length", max_length=MAX_TOKENS, truncation=True).input_ids
    return torch.tensor(ids, dtype=torch.int32)


def save_tokenizer(tokenizer: CLIPTokenizer, folder: Path) -> None:
    """Write the folder with ``vocab.json`` and ``merges.txt`` too: older loaders know only those."""
    tokenizer.save_pretrained(str(folder))
    model = json.loads((folder / "tokenizer.json").read_text())["model"]
    vocabulary = json.dumps(model["vocab"], ensure_ascii=False)
    (folder / "vocab.json").write_text(vocabulary, encoding="utf-8")
    lines = (merge if isinstance(merge, str) else " ".join(merge) for merge in model["merges"])
    (folder / "merges.txt").write_text("\n".join(["#version: 0.2", *lines]) + "\n", encoding="utf-8")
