"""PNDM's linear multistep method (Liu et al. 2022, arXiv:2202.09778), held to second order."""

from typing import Any

from diffusers.schedulers import scheduling_pndm


class PNDMScheduler(scheduling_pndm.PNDMScheduler):
    """diffusers' own, except that a step looks back at one earlier output instead of three.

    The fourth order is unstable under strong guidance: at CFG scale 7 and 20 steps the starter model's pictures come
    out burnt, while the second order gives what the other samplers give. It is named as diffusers' is, so that a
    model's list of compatible schedulers names it too.
    """

    def step_plms(self, *arguments: Any, **options: Any) -> Any:
        """One step, as in diffusers."""
        self.ets = self.ets[-1:]
        return super().step_plms(*arguments, **options)
