"""``python -m videoai`` is ``videoai``."""

import sys

from videoai.cli.main import main

sys.exit(main())
