"""Starts vLLM's OpenAI server on CPU in half the time; takes that server's arguments.

vLLM runs as two processes, the HTTP server and the engine. On GPUs the engine is forked from the server, which has
imported everything by then. On CPU vLLM insists on `spawn`, so all imports (some 15 s of one core) are done again. The
reason is that its model worker must be born with OpenMP's thread binding in its environment. Here there is no separate
worker and the threads are set before the first import, so the reason is gone and `fork` is as safe as on GPUs.
"""

import os
import runpy
from typing import Any

from vllm.platforms import current_platform


def allow_fork() -> None:
    """Let the engine be forked although the platform's set-up asks for `spawn`."""
    platform: Any = type(current_platform)
    settle = platform.check_and_update_config

    def settle_and_fork(vllm_config: object) -> None:
        settle(vllm_config)
        os.environ["VLLM_WORKER_MULTIPROC_METHOD"] = "fork"

    platform.check_and_update_config = staticmethod(settle_and_fork)


if __name__ == "__main__":
    if current_platform.is_cpu():
        allow_fork()
    runpy.run_module("vllm.entrypoints.openai.api_server", run_name="__main__", alter_sys=True)
