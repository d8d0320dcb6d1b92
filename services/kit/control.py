"""Words to jobs: cancel, pause, finish. A key-value bucket carries them, so that a worker that takes the job later
hears them as well as the one that runs it now, and a restart forgets none."""

# nats-py is typed in parts only.
# pyright: reportUnknownMemberType=false

from collections.abc import Callable

from nats.js.errors import KeyNotFoundError

from atelier.v1.common_pb2 import Control, ControlAction
from services.kit import subjects
from services.kit.bucket import BucketWatch
from services.kit.bus import Bus

# Words expire in the bucket after a day without a notice; this bounds what one process remembers of them.
_WORDS_KEPT = 10_000


async def send_control(bus: Bus, job_id: str, action: ControlAction, reason: str) -> None:
    """Say a word to a job, whether it waits or runs; it is acknowledged by the event that follows from it."""
    bucket = await bus.jetstream.key_value(subjects.CONTROL_BUCKET)
    await bucket.put(job_id, Control(action=action, reason=reason).SerializeToString())


async def clear_control(bus: Bus, job_id: str) -> None:
    """Take a word back, so that a resumed job is not held again by the pause that held it."""
    bucket = await bus.jetstream.key_value(subjects.CONTROL_BUCKET)
    await bucket.purge(job_id)


class ControlBoard:
    """What has been said to jobs, as this process knows it."""

    def __init__(self, bus: Bus, on_word: Callable[[str, Control], None]) -> None:
        """`on_word(job_id, control)` is called for every word, first those said before the start."""
        self._bus = bus
        self._on_word = on_word
        self._words: dict[str, Control] = {}
        self._watch = BucketWatch(bus, subjects.CONTROL_BUCKET, Control, self._on_entry)

    async def start(self) -> None:
        """Begin to watch; returns once everything said so far is known."""
        await self._watch.start()

    async def stop(self) -> None:
        """End the watch."""
        await self._watch.stop()

    async def heard(self, job_id: str, *, sure: bool = False) -> Control | None:
        """What was last said to a job. With `sure`, a word known here is looked up again: the watch may be a moment
        behind the one who took it back."""
        word = self._words.get(job_id)
        if word is None or not sure:
            return word
        bucket = await self._bus.jetstream.key_value(subjects.CONTROL_BUCKET)
        try:
            data = (await bucket.get(job_id)).value
        except KeyNotFoundError:
            return None
        return Control.FromString(data) if data else None

    def _on_entry(self, job_id: str, control: Control | None) -> None:
        if control is None:
            self._words.pop(job_id, None)
            return
        while len(self._words) >= _WORDS_KEPT:
            del self._words[next(iter(self._words))]
        self._words[job_id] = control
        self._on_word(job_id, control)
