"""From a request's prompts to what each of its pictures is told: chance is decided, LoRAs are found."""

from collections.abc import Sequence
from dataclasses import replace

from services.diffusion.emphasis import LoraTag, take_loras
from services.diffusion.generation import Generation, Wording
from services.diffusion.loras import Carded, Loras
from services.diffusion.wildcards import Lists, resolve


class Phrasing:
    """Words the requests of one service. From any thread."""

    def __init__(self, lists: Lists, loras: Loras) -> None:
        """`lists` are those that `__name__` draws from."""
        self.lists = lists
        self.loras = loras

    def worded(self, generation: Generation, asked: Sequence[LoraTag], model: Carded) -> Generation:
        """The generation with what each picture is told; picture k draws with seed + k.

        `asked` are the LoRAs asked for beside the prompt. Raises `CannotSample` naming the field at fault.
        """
        beside = [(f"loras.{place}.model", tag) for place, tag in enumerate(asked)]
        seeds = range(generation.seed, generation.seed + generation.count)
        return replace(generation, wordings=tuple(self._wording(generation, seed, beside, model) for seed in seeds))

    def _wording(
        self, generation: Generation, seed: int, beside: Sequence[tuple[str, LoraTag]], model: Carded
    ) -> Wording:
        prompt = resolve(generation.prompt, seed, self.lists, "prompt")
        negative = resolve(generation.negative_prompt, seed, self.lists, "negative_prompt")
        words, inline = take_loras(prompt)
        loras = self.loras.applied(model, [*beside, *(("prompt", tag) for tag in inline)])
        return Wording(prompt, negative, words, loras)
