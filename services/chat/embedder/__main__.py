"""`python -m services.chat.embedder --model FOLDER --name NAME --uds SOCKET`."""

import argparse
from pathlib import Path

import torch
import uvicorn

from services.chat.embedder.app import EmbeddingApp
from services.chat.embedder.model import EmbeddingModel


def main() -> None:
    """Load the model, then serve it until told to end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="model folder")
    parser.add_argument("--name", required=True, help="name requests use")
    parser.add_argument("--uds", required=True, help="Unix socket to listen on")
    parser.add_argument("--threads", type=int, default=1, help="threads to compute with")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    app = EmbeddingApp(EmbeddingModel(options.model), options.name)
    uvicorn.run(app, uds=options.uds, log_level="warning", access_log=False, lifespan="off")


if __name__ == "__main__":
    main()
