"""Puts `script` and `laws`, which these tests share, on their path, and lets properties take their time."""

import sys
from pathlib import Path

from hypothesis import HealthCheck, settings

sys.path.insert(0, str(Path(__file__).parent))
# The same examples every time, and no clock: a crowded machine fails nothing.
settings.register_profile("core", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("core")
