"""`python -m infra.setup python web starter`: each step only when something changed.

Nothing above the version check may need a new Python: an old one must still be able to read why it was refused.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - this file runs before anything has checked the interpreter
    sys.exit(
        f"Atelier needs Python 3.11 or newer; {sys.executable} is {sys.version_info[0]}.{sys.version_info[1]}.\n"
        "Install one (for example `apt install python3`) or name it: make run PYTHON=/path/to/python3.11"
    )

from infra.setup.plan import main

sys.exit(main(sys.argv[1:]))
