"""What an operator can choose about language models."""

import shlex
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr

from services.kit.settings import ServiceSettings


class ChatSettings(ServiceSettings):
    """Settings of the chat service, read from `ATELIER_CHAT_…` and `ATELIER_EMBEDDING_…`."""

    chat_model: str = Field("", description="Model folder or hub id; empty = the starter model in the data folder.")
    chat_model_name: str = Field("", description="Name requests use; empty = last part of the folder or id.")
    chat_max_model_len: int = Field(0, ge=0, description="Context window, tokens; 0 = 2048 on CPU, the model's on GPU.")
    chat_max_num_seqs: int = Field(0, ge=0, description="Sequences sampled together; 0 = 16 on CPU, vLLM's own on GPU.")
    chat_kv_cache_gib: int = Field(1, ge=1, description="Memory for the KV cache on CPU, GiB.")
    chat_threads: int = Field(
        0, ge=0, description="The engine's OpenMP threads on CPU; 0 = all physical cores but one."
    )
    chat_dtype: str = Field("auto", description="Weights' type; auto = bfloat16 where the processor computes in it.")
    chat_tool_parser: str = Field("hermes", description="vLLM's parser of tool calls; empty = none.")
    chat_engine_args: str = Field("", description="More arguments for vLLM's server, as in a shell.")
    chat_device: Literal["auto", "cpu", "gpu"] = Field("auto", description="auto = by the vLLM that is installed.")
    chat_capacity: int = Field(64, ge=1, description="Requests running and queued at once; more are turned away.")
    chat_endpoint: str = Field("", description="Base URL of a running OpenAI-compatible server, in place of a child.")
    chat_endpoint_key: SecretStr = Field(SecretStr(""), description="Its API key.")
    chat_first_token_s: float = Field(30.0, gt=0, description="Seconds until the first content token must have come.")
    chat_between_tokens_s: float = Field(60.0, gt=0, description="Longest silence inside an answer, seconds.")
    # Below the patience of those who wait for a first token, so that one of them is enough to show a stall.
    chat_stall_s: float = Field(25.0, gt=0, description="Seconds without a token, while some wait, until a restart.")
    chat_health_every_s: float = Field(30.0, gt=0, description="Seconds between two looks at a registered endpoint.")
    chat_start_s: float = Field(600.0, gt=0, description="Seconds the engine may take to become ready.")

    embedding_model: str = Field("", description="Embedding model's folder; empty = the one in the data folder.")
    embedding_model_name: str = Field("all-minilm-l6-v2", description="Name requests use for it.")
    embedding_threads: int = Field(1, ge=1, le=64, description="Threads of the embedding server.")
    embedding_enabled: bool = Field(True, description="Whether to run the embedding server.")

    @property
    def model(self) -> str:
        """The chat model's folder or hub id."""
        return self.chat_model or str(self.home / "models" / "smollm2-135m-instruct")

    @property
    def model_name(self) -> str:
        """What requests call the chat model."""
        return self.chat_model_name or Path(self.model).name

    @property
    def embedder_folder(self) -> Path:
        """The embedding model's folder."""
        return Path(self.embedding_model) if self.embedding_model else self.home / "models" / "minilm-l6-v2"

    @property
    def more_engine_args(self) -> list[str]:
        """`chat_engine_args` as a list."""
        return shlex.split(self.chat_engine_args)
