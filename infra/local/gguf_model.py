"""`python -m infra.local.gguf_model FILE.gguf FOLDER`: a quantised GGUF file becomes a transformers folder.

The weights are dequantised to bfloat16 and saved as safetensors, which every engine here loads; the tokenizer comes
out of the same file.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path


def convert(source: Path, target: Path) -> None:
    """Raises whatever transformers raises for a file it cannot read; the target is then incomplete."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    # Late, so that --help and a wrong call do not wait for torch.
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    torch.set_num_threads(1)
    folder, name = str(source.parent), source.name
    tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=name)
    model = AutoModelForCausalLM.from_pretrained(
        folder, gguf_file=name, dtype=torch.bfloat16, quantization_config=GgufConfig(dequantize=True)
    )
    target.mkdir(parents=True)
    tokenizer.save_pretrained(target)
    model.save_pretrained(target)


def main() -> int:
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    convert(Path(sys.argv[1]), Path(sys.argv[2]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
