"""Runs where `litellm` is installed and asks what it is told to: JSON lines in, JSON lines out.

In: the arguments of `litellm.completion`. Out: `{"chunks": […]}` of a stream, `{"answer": …}` of a whole answer, or
`{"error": "<its class>", "status": …, "message": …}`. Nothing of this repository can be imported here.
"""

import json
import sys

# Only the program's own environment has it.
import litellm  # pyright: ignore[reportMissingImports]


def asked(arguments: dict) -> dict:
    """What came of one call."""
    try:
        answer = litellm.completion(**arguments)
        if arguments.get("stream"):
            return {"chunks": [chunk.model_dump() for chunk in answer]}
        return {"answer": answer.model_dump()}
    except Exception as error:
        # Whatever a user of it would see.
        return {"error": type(error).__name__, "status": getattr(error, "status_code", None), "message": str(error)}


# What it prints itself must not come between the answers.
out, sys.stdout = sys.stdout, sys.stderr
for line in sys.stdin:
    print(json.dumps(asked(json.loads(line)), default=str), file=out, flush=True)
