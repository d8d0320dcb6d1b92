"""Every measurement in turn, each in a process of its own: `python -m tests.bench [jobs chat proxy …]`."""

from __future__ import annotations

import argparse
import subprocess
import sys
import time

PARTS = {
    "memory": "what the idle stack takes beside its models",
    "jobs": "no-op jobs through the kit, beside Celery and FastStream",
    "chat": "chat through the gateway, beside the same vLLM asked directly",
    "proxy": "the gateway in front of a mock upstream, beside the LiteLLM proxy",
    "cache": "answers given again from memory",
    "diffusion": "images per second, beside plain diffusers",
    "video": "peak memory of a 30 s video beside a 5 s one",
    "suggestions": "completion with 100,000 learned prompts",
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="part", help=", ".join(PARTS) + "; all of them if none is named")
    wanted = parser.parse_args().parts
    if unknown := sorted(set(wanted) - set(PARTS)):
        parser.error(f'there is no measurement "{unknown[0]}", only {", ".join(PARTS)}')
    failed: list[str] = []
    for part, title in PARTS.items():
        if wanted and part not in wanted:
            continue
        print(f"\n## {part}: {title}\n", flush=True)
        began = time.monotonic()
        if subprocess.run([sys.executable, "-m", f"tests.bench.{part}"]).returncode:
            failed.append(part)
        print(f"\n({part}: {time.monotonic() - began:.0f} s)", flush=True)
    if failed:
        print(f"\nnot measured to the end: {', '.join(failed)}", file=sys.stderr)
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
