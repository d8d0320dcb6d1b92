"""What can go wrong in the engine."""


class EngineFault(Exception):
    """Sampling failed. `retryable`: the same request may succeed later."""

    code = "engine_failed"
    hint = "The service's log has the details; trying again may help."
    retryable = True


class OutOfMemory(EngineFault):
    """One picture alone does not fit into the memory there is."""

    code = "out_of_memory"
    hint = "Ask for a smaller picture or fewer at once, or run the service where there is more memory."
    retryable = False


class NotFinite(EngineFault):
    """The model's numbers overflowed: the latents hold NaN or infinity."""

    code = "not_finite"
    hint = "Try another sampler, more steps or a lower CFG scale; in half precision, ATELIER_DIFFUSION_DTYPE=float32."
    retryable = False


class CannotLoad(EngineFault):
    """A model cannot be loaded."""

    code = "model_failed"
    hint = "Check ATELIER_DIFFUSION_MODEL: a diffusers folder (or hub id) with safetensors weights."
    retryable = False

    def __init__(self, message: str, *, hint: str = "") -> None:
        """`hint` is what the reader can do about it, where that is not to look at the setting."""
        super().__init__(message)
        self.hint = hint or type(self).hint


class CannotSample(EngineFault):
    """The model cannot do what was asked of it."""

    code = "bad_input"
    hint = ""
    retryable = False

    def __init__(self, field: str, message: str) -> None:
        """`field` is the setting at fault."""
        super().__init__(message)
        self.field = field
