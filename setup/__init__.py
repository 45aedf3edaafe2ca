"""Set-up of a checkout on a bare machine: host packages, Python environment, Asterisk, pages, prompts.

Standard library only, since it runs before anything is installed. Imports nothing else of the project.
``python3 -m setup run`` prepares what ``make run`` needs, ``python3 -m setup test`` what ``make test`` needs.
Each step is skipped when what it made is there and its inputs have not changed.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - said politely to those who have an older one
    sys.exit(
        "Python 3.11 or newer is needed, this is " + sys.version.split()[0] + ".\n"
        "Install one and name it: make PYTHON=python3.12 run"
    )
