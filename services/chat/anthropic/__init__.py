"""Anthropic's messages API in OpenAI's terms: https://platform.claude.com/docs/en/api/messages.

Pure: plain values in, plain values out.
"""

from services.chat.anthropic.exchange import Exchange
from services.chat.anthropic.listing import MODELS_PATH, headers, read_models

__all__ = ["MODELS_PATH", "Exchange", "headers", "read_models"]
