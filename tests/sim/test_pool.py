"""Work in one process and in several gives the same."""

import signal

from vivavoce.sim.pool import each


def test_one_process_keeps_the_order() -> None:
    assert list(each(divmod, [(7, 2), (9, 4)], jobs=1)) == [(3, 1), (2, 1)]


def test_several_processes_do_all_of_it() -> None:
    assert sorted(each(pow, [(2, n) for n in range(5)], jobs=2)) == [1, 2, 4, 8, 16]


def test_a_worker_leaves_ctrl_c_to_its_parent() -> None:
    assert list(each(signal.getsignal, [(signal.SIGINT,)] * 3, jobs=2)) == [signal.SIG_IGN] * 3
