"""Our two child servers, vLLM and the embedding server, set up from the settings."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

from services.chat.backend import ChildBackend
from services.chat.child import Program
from services.chat.endpoint import Limits
from services.chat.processor import this_processor
from services.chat.settings import ChatSettings
from services.chat.upstream import Broken, Upstream
from services.chat.vllm_server import VllmProbe, model_is_there, runs_on_cpu, vllm_program
from services.kit.failures import Unavailable

_EMBEDDER_SOCKET = "embedder.sock"
_EMBEDDER_START_S = 300.0
_HEALTH_S = 5.0
_ROOT = Path(__file__).resolve().parents[2]


def vllm_backend(settings: ChatSettings, *, busy: Callable[[], bool], changed: Callable[[], None]) -> ChildBackend:
    """vLLM with the chat model; `busy` tells whether requests of ours are there."""

    async def prepare(scratch: Path) -> Program:
        await model_is_there(settings, backend.child.tell_starting)
        backend.child.tell_starting(f"loading {settings.model_name}")
        return vllm_program(settings, scratch, this_processor(), on_cpu=runs_on_cpu(settings))

    backend = ChildBackend(
        "vllm",
        settings.model_name,
        "chat",
        prepare=prepare,
        probe=lambda socket: VllmProbe(socket, stall_s=settings.chat_stall_s, busy=busy),
        start_within_s=settings.chat_start_s,
        limits=Limits(settings.chat_first_token_s, settings.chat_between_tokens_s),
        changed=changed,
    )
    return backend


def embedder_backend(settings: ChatSettings, *, changed: Callable[[], None]) -> ChildBackend:
    """The embedding server with its model."""

    async def prepare(scratch: Path) -> Program:
        folder = settings.embedder_folder
        if not (folder / "config.json").is_file():
            raise Unavailable(f"there is no embedding model in {folder}", hint="Set ATELIER_EMBEDDING_MODEL.")
        socket = scratch / _EMBEDDER_SOCKET
        threads = str(settings.embedding_threads)
        command = [sys.executable, "-m", "services.chat.embedder", "--model", str(folder)]
        command += ["--name", settings.embedding_model_name, "--uds", str(socket), "--threads", threads]
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("ATELIER_")}
        environment = inherited | {
            "PYTHONPATH": os.pathsep.join([str(_ROOT), *filter(None, [inherited.get("PYTHONPATH")])]),
            "OMP_NUM_THREADS": threads,
            "OMP_WAIT_POLICY": "PASSIVE",
            "TOKENIZERS_PARALLELISM": "false",
            "HF_HUB_OFFLINE": "1",
            "TMPDIR": str(scratch),
        }
        return Program("the embedding server", tuple(command), environment, socket)

    return ChildBackend(
        "embedder",
        settings.embedding_model_name,
        "embedding",
        prepare=prepare,
        probe=HealthProbe,
        start_within_s=_EMBEDDER_START_S,
        limits=Limits(),
        changed=changed,
    )


class HealthProbe:
    """Asks a server's `/health`; one that is ready is left alone, since its end shows by itself."""

    def __init__(self, socket: Path) -> None:
        """The server listens on `socket`."""
        self._socket = socket
        self._upstream = Upstream("http://child", socket=socket)

    async def ready(self) -> bool:
        """Whether it answers."""
        if not self._socket.exists():
            return False
        try:
            return (await self._upstream.fetch("health", within_s=_HEALTH_S)).status == 200
        except (*Broken, TimeoutError):
            return False

    async def ailment(self) -> str:
        """Nothing."""
        return ""

    async def aclose(self) -> None:
        """Close the connection."""
        await self._upstream.aclose()
