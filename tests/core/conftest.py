"""Puts `script` and `laws`, which these tests share, on their path."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
