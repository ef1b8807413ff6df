import pytest

from vivavoce.providers.base import ProviderError
from vivavoce.providers.llm.failures import failure, stalled


def with_status(status):
    error = RuntimeError("body quoting sk-secret")
    error.status_code = status
    return error


@pytest.mark.parametrize(
    ("status", "code"),
    [(400, "refused"), (401, "refused"), (402, "refused"), (403, "refused"), (404, "not_found"), (408, "timeout"),
     (422, "refused"), (429, "rate_limited"), (500, "died"), (503, "died"), (504, "timeout"), (529, "died")],
)  # fmt: skip
def test_statuses_have_codes(status, code):
    found = failure(with_status(status), "m")
    assert found.code == code
    assert "secret" not in found.detail


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (TimeoutError(), "timeout"),
        (ConnectionResetError(), "died"),
        (OSError("no route"), "died"),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad"), "died"),
        (ZeroDivisionError("sk-secret"), "died"),
    ],
)
def test_other_errors_have_codes(error, code):
    found = failure(error, "m")
    assert found.code == code
    assert "secret" not in found.detail


def test_the_cause_behind_an_error_counts():
    outer = RuntimeError("wrapped")
    outer.__cause__ = TimeoutError()
    assert failure(outer, "m").code == "timeout"


def test_a_chain_that_bites_its_tail_ends():
    first, second = RuntimeError("a"), RuntimeError("b")
    first.__cause__, second.__cause__ = second, first
    assert failure(first, "m").code == "died"


def test_our_own_errors_stay_as_they_are():
    ours = ProviderError("timeout", "x")
    assert failure(ours, "m") is ours
    assert stalled("m", 2.0).detail.startswith("m sent nothing within 2 s")
