from hypothesis import given
from hypothesis import strategies as st

from vivavoce.core.units import IN_RATE, OUT_RATE, in_ms, in_samples, out_ms, out_samples


def test_a_second():
    assert in_samples(1000) == IN_RATE == 16_000
    assert out_samples(1000) == OUT_RATE == 24_000


@given(st.integers(0, 10**9))
def test_milliseconds_survive_and_samples_are_rounded_down(n):
    assert in_ms(in_samples(n)) == n
    assert out_ms(out_samples(n)) == n
    assert in_samples(in_ms(n)) <= n < in_samples(in_ms(n) + 1)
    assert out_samples(out_ms(n)) <= n < out_samples(out_ms(n) + 1)
