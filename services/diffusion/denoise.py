"""One UNet evaluation for several pictures at once, each at its own timestep, prompt and guidance."""

from collections.abc import Sequence
from concurrent.futures import Executor
from contextlib import nullcontext
from typing import TYPE_CHECKING, Literal

from services.diffusion.adapters import Rows
from services.diffusion.exactness import GROUP
from services.diffusion.model import Model
from services.diffusion.picture import Picture
from services.diffusion.text import Embedding

if TYPE_CHECKING:
    import torch

Batching = Literal["exact", "fast", "off"]


def predict(
    model: Model, pictures: Sequence[Picture], lanes: Executor, batching: Batching = "exact"
) -> "list[torch.Tensor]":
    """The guided UNet output [1, channels, height, width] for each picture, float32. All latents have one shape.

    The pictures are dealt to the model's lanes, which run side by side.
    """
    share = -(-len(pictures) // model.lanes)
    hands = [pictures[i : i + share] for i in range(0, len(pictures), share)]
    if len(hands) == 1:
        return _hand(model, hands[0], batching)
    return [output for outputs in lanes.map(lambda hand: _hand(model, hand, batching), hands) for output in outputs]


def _hand(model: Model, pictures: Sequence[Picture], batching: Batching) -> "list[torch.Tensor]":
    """What one lane computes: in one batch where that is as good as one picture at a time."""
    import torch

    torch.set_num_threads(model.threads)
    with torch.inference_mode():
        if len(pictures) == 1 or batching == "fast":
            return _evaluate(model, pictures, join=True)
        if batching == "off":
            return [_evaluate(model, [picture])[0] for picture in pictures]
        return _exact(model, pictures)


def _exact(model: Model, pictures: Sequence[Picture]) -> "list[torch.Tensor]":
    import torch

    shape = (_rows(pictures), *pictures[0].alike)
    verdict = model.proof.verdict(shape)
    if verdict:
        return _evaluate(model, pictures)
    singles = [_evaluate(model, [picture])[0] for picture in pictures]
    if verdict is None:
        batched = _evaluate(model, pictures)
        model.proof.judge(shape, all(torch.equal(a, b) for a, b in zip(singles, batched, strict=True)))
    return singles


def _rows(pictures: Sequence[Picture]) -> int:
    """Rows of the UNet call, padding included."""
    rows = sum(2 if picture.guided else 1 for picture in pictures)
    return -(-rows // GROUP) * GROUP


def _adapted(pictures: Sequence[Picture], join: bool) -> list[Rows]:
    """Which rows get which LoRAs; with `join` neighbours that have the same ones in one go."""
    found: list[Rows] = []
    at = 0
    for picture in pictures:
        start, at = at, at + (2 if picture.guided else 1)
        if join and found and found[-1].parts == picture.loras and found[-1].rows.stop == start:
            found[-1] = Rows(slice(found[-1].rows.start, at), picture.loras)
        elif picture.loras:
            found.append(Rows(slice(start, at), picture.loras))
    return found


def _evaluate(model: Model, pictures: Sequence[Picture], *, join: bool = False) -> "list[torch.Tensor]":
    import torch

    rows: list[tuple[torch.Tensor, torch.Tensor, Embedding, Picture]] = []
    for picture in pictures:
        latents, timestep = picture.model_input(), picture.timestep
        if picture.guided:
            rows.append((latents, timestep, picture.negative, picture))
        rows.append((latents, timestep, picture.positive, picture))
    rows += [rows[-1]] * (_rows(pictures) - len(rows))

    dtype = model.unet.dtype
    adapted = _adapted(pictures, join)
    denoiser = model.unet if adapted else model.denoiser
    with model.adapters.applied(adapted) if adapted else nullcontext():
        output = denoiser(
            torch.cat([latents for latents, *_ in rows]).to(dtype),
            # The UNet turns timesteps into floats first of all, so integer and fractional ones may share a batch.
            torch.stack([timestep.float() for _, timestep, *_ in rows]).to(model.device),
            encoder_hidden_states=torch.cat([embedding.tokens for _, _, embedding, _ in rows]),
            added_cond_kwargs=_added(model, rows),
            return_dict=False,
        )[0].float()

    outputs: list[torch.Tensor] = []
    at = 0
    for picture in pictures:
        if picture.guided:
            unconditional, conditional = output[at : at + 1], output[at + 1 : at + 2]
            outputs.append(unconditional + picture.generation.cfg_scale * (conditional - unconditional))
            at += 2
        else:
            outputs.append(output[at : at + 1])
            at += 1
    return outputs


def _added(
    model: Model, rows: "Sequence[tuple[torch.Tensor, torch.Tensor, Embedding, Picture]]"
) -> "dict[str, torch.Tensor] | None":
    """SDXL's added conditioning: the pooled text and six numbers, original size, crop and target size in pixels
    (Podell et al. 2023, arXiv:2307.01952, section 2.2)."""
    import torch

    if rows[0][2].pooled is None:
        return None
    sizes = [(p.generation.height, p.generation.width) for *_, p in rows]
    return {
        "text_embeds": torch.cat([e.pooled for _, _, e, _ in rows if e.pooled is not None]),
        "time_ids": torch.tensor([(*size, 0, 0, *size) for size in sizes], device=model.device, dtype=model.unet.dtype),
    }


def predicted_clean(model: Model, picture: Picture, output: "torch.Tensor") -> "torch.Tensor":
    """The model's present guess of the clean latents x0 [1, channels, height, width]; call before `Picture.advance`.

    Every sampler feeds the UNet z = sqrt(a) x0 + sqrt(1 - a) noise, a being alphas_cumprod at its timestep, so one
    formula serves all (Salimans & Ho 2022, arXiv:2202.00512, appendix D).
    """
    import torch

    timestep = float(picture.timestep)
    low = min(int(timestep), len(model.alphas_cumprod) - 1)
    high = min(low + 1, len(model.alphas_cumprod) - 1)
    alpha = float(torch.lerp(model.alphas_cumprod[low], model.alphas_cumprod[high], timestep - int(timestep)))
    # With zero terminal signal-to-noise ratio the first alpha is 0.
    signal, noise = max(alpha, 1e-6) ** 0.5, (1.0 - alpha) ** 0.5
    z = picture.model_input()
    if model.prediction_type == "epsilon":
        return (z - noise * output) / signal
    if model.prediction_type == "v_prediction":
        return signal * z - noise * output
    return output
