"""How long to wait before something that ended too soon is started again."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Backoff:
    """Waits doubling from `first_s` to `longest_s`, anew after a run of more than `steady_s`; all in seconds."""

    first_s: float = 1.0
    longest_s: float = 30.0
    steady_s: float = 60.0

    def before(self, failures: int) -> float:
        """Seconds before the next start when so many in a row came to nothing; 0 = none did."""
        return 0.0 if failures <= 0 else min(self.longest_s, self.first_s * 2.0 ** min(failures - 1, 20))
