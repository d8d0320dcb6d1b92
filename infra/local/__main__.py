"""`python -m infra.local [--reload]`; `make run` and `make dev` call it."""

from __future__ import annotations

import argparse
import sys

from infra.local.options import BadOption, Options
from infra.local.programs import selected
from infra.local.site import Site
from infra.local.supervisor import CannotRun, run


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.local", description="Runs the whole studio on this machine.")
    parser.add_argument("--reload", action="store_true", help="restart what a changed file belongs to")
    arguments = parser.parse_args()
    try:
        site = Site(Options.read(reload=arguments.reload))
        programs = selected(site)
        if arguments.reload:
            from infra.local.reload import WEB, web_server

            if (WEB / "package.json").is_file():
                programs.append(web_server())
        return run(site, programs, reload=arguments.reload)
    except (BadOption, CannotRun, ValueError) as problem:
        print(problem, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
