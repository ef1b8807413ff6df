"""`python -m vivavoce`."""

import sys

from .app.cli import main

sys.exit(main())
