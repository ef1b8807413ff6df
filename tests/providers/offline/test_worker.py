"""The supervisor against a worker process that misbehaves on request."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any

import msgspec
import psutil
import pytest

from vivavoce.providers.base import ProviderError
from vivavoce.providers.offline import worker as worker_module
from vivavoce.providers.offline.framing import Answer
from vivavoce.providers.offline.worker import STARTS, Worker

TOY = """
import os, signal, sys, time
from vivavoce.providers.offline.serving import Job, Refused, serve

def handle(request, job):
    verb, *rest = request
    if verb == "echo":
        return rest
    if verb == "parts":
        for n in range(rest[0]):
            job.part(n)
        return "end"
    if verb == "until cancelled":
        job.part("begun")
        while not job.cancelled:
            pass
        return "stopped"
    if verb == "refuse":
        raise Refused("refused", "not today")
    if verb == "bug":
        raise ZeroDivisionError("a bug")
    if verb == "die":
        print("farewell", file=sys.stderr, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
    if verb == "exit":
        os._exit(3)
    if verb == "hang":
        while True:
            signal.pause()
    if verb == "print":
        print("this is no frame", flush=True)
        return "printed"
    if verb == "garbage":
        os.write(job._line._out, b"\\xff" * 64)
        signal.pause()

def prepare():
    return handle

if __name__ == "__main__":
    serve(list, prepare)
"""


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of an importable module that is a worker."""
    (tmp_path / "toy_worker.py").write_text(TOY)
    monkeypatch.syspath_prepend(tmp_path)
    return "toy_worker"


def with_worker(module: str, test: Callable[[Worker], Awaitable[None]], **settings: Any) -> None:
    """Run `test` with a worker, and see that nothing is left behind."""

    async def main() -> None:
        fds = len(os.listdir("/proc/self/fd")) if sys.platform == "linux" else 0
        others = psutil.Process().children()
        worker = Worker(module, **settings)
        try:
            async with asyncio.timeout(20):
                await test(worker)
        finally:
            await worker.close()
        assert worker.outstanding == 0
        assert psutil.Process().children() == others
        assert not fds or len(os.listdir("/proc/self/fd")) == fds

    asyncio.run(main())


async def echo(worker: Worker, *what: object) -> object:
    return msgspec.msgpack.decode(await worker.ask(["echo", *what]))


async def failure(worker: Worker, *request: object) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        await worker.ask([*request])
    return caught.value


def test_answers_in_order_and_counts_what_is_open(toy: str) -> None:
    busy: list[int] = []

    async def test(worker: Worker) -> None:
        await worker.start()
        assert worker.outstanding == 0
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(echo(worker, n)) for n in range(50)]
        assert [task.result() for task in tasks] == [[n] for n in range(50)]
        assert sum(busy) == worker.outstanding == 0
        assert max(busy) == 1

    with_worker(toy, test, busy=busy.append)


def test_parts_come_before_the_last(toy: str) -> None:
    async def test(worker: Worker) -> None:
        parts = [msgspec.msgpack.decode(part) async for part in worker.stream(["parts", 3])]
        assert parts == [0, 1, 2, "end"]

    with_worker(toy, test)


def test_refusals_and_bugs_leave_the_process_alive(toy: str) -> None:
    async def test(worker: Worker) -> None:
        await worker.start()
        pid = worker.pid
        assert (await failure(worker, "refuse")).code == "refused"
        bug = await failure(worker, "bug")
        assert (bug.code, bug.detail) == ("failed", "ZeroDivisionError: a bug")
        assert await echo(worker, "still here") == ["still here"]
        assert worker.pid == pid

    with_worker(toy, test)


def test_prints_cannot_break_the_protocol(toy: str) -> None:
    async def test(worker: Worker) -> None:
        assert msgspec.msgpack.decode(await worker.ask(["print"])) == "printed"

    with_worker(toy, test)


@pytest.mark.parametrize(
    ("verb", "code", "words"),
    [
        ("die", "died", "killed by signal 9; its last words: farewell"),
        ("exit", "died", "exited with status 3"),
        ("garbage", "died", "sent a frame of"),
        ("hang", "timeout", "silent for 0.3 s"),
    ],
)
def test_a_failing_process_is_reported_and_replaced(toy: str, verb: str, code: str, words: str) -> None:
    async def test(worker: Worker) -> None:
        await worker.start()
        pid = worker.pid
        worker._silence_s = 0.3
        async with asyncio.TaskGroup() as group:
            first = group.create_task(failure(worker, verb))
            waiting = group.create_task(failure(worker, "echo", "in line behind it"))
        assert first.result().code == waiting.result().code == code
        assert words in first.result().detail
        assert await echo(worker, "again") == ["again"]
        assert worker.pid not in (pid, None)

    with_worker(toy, test)


def test_a_stopped_process_is_a_hung_process(toy: str) -> None:
    async def test(worker: Worker) -> None:
        await worker.start()
        assert worker.pid
        os.kill(worker.pid, signal.SIGSTOP)
        assert (await failure(worker, "echo")).code == "timeout"
        assert await echo(worker, 1) == [1]

    with_worker(toy, test, silence_s=0.4)


def test_a_stall_of_our_own_loop_is_not_their_fault(toy: str) -> None:
    async def test(worker: Worker) -> None:
        await worker.start()
        pid = worker.pid
        asked = asyncio.ensure_future(echo(worker, 1))
        await asyncio.sleep(0)
        # Deliberate: this is the stall.
        signal.sigtimedwait([], 0.5)
        assert await asked == [1]
        assert worker.pid == pid

    with_worker(toy, test, silence_s=0.3)


def test_cancelling_reaches_into_a_request(toy: str) -> None:
    async def test(worker: Worker) -> None:
        async with aclosing(worker.stream(["until cancelled"])) as parts:
            assert msgspec.msgpack.decode(await anext(parts)) == "begun"
        assert await echo(worker, "free") == ["free"]
        assert worker.outstanding == 0

    with_worker(toy, test)


def test_a_cancelled_request_that_has_not_begun_is_never_begun(toy: str) -> None:
    async def test(worker: Worker) -> None:
        await worker.start()
        pid = worker.pid
        blocker = worker.stream(["until cancelled"])
        await anext(blocker)
        answers: list[Answer] = []
        worker.cancel(worker.send(["die"], answers.append))
        await blocker.aclose()
        assert await echo(worker) == []
        assert (worker.pid, answers) == (pid, [])

    with_worker(toy, test)


def test_too_many_open_requests_overflow(toy: str) -> None:
    async def test(worker: Worker) -> None:
        for _ in range(3):
            worker.send(["echo"], lambda answer: None)
        with pytest.raises(ProviderError) as caught:
            worker.send(["echo"], lambda answer: None)
        assert caught.value.code == "overflow"

    with_worker(toy, test, limit=3)


def test_a_module_that_cannot_start(toy: str) -> None:
    async def test(worker: Worker) -> None:
        for _ in range(2):
            error = await failure(worker, "echo")
            assert error.code == "died"
            assert "No module named" in error.detail
        with pytest.raises(ProviderError):
            await worker.start()

    with_worker("vivavoce.providers.offline.no_such_worker", test)


def test_restarts_are_capped_and_every_request_is_told(toy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_module, "_LONGEST_PAUSE_S", 0.0)

    async def test(worker: Worker) -> None:
        for _ in range(STARTS):
            assert (await failure(worker, "die")).code == "died"
        for _ in range(3):
            error = await failure(worker, "echo")
            assert error.code == "died"
            assert "did not help" in error.detail
        assert worker.pid is None

    with_worker(toy, test)


def test_after_a_minute_it_may_start_again(toy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_module, "_LONGEST_PAUSE_S", 0.0)
    monkeypatch.setattr(worker_module, "STARTS_S", 0.0)

    async def test(worker: Worker) -> None:
        for _ in range(STARTS + 1):
            assert (await failure(worker, "die")).code == "died"
        assert await echo(worker, 1) == [1]

    with_worker(toy, test)


def test_requests_made_while_it_starts_wait_for_it(toy: str) -> None:
    async def test(worker: Worker) -> None:
        assert worker.pid is None
        assert await echo(worker, "early") == ["early"]

    with_worker(toy, test)


def test_closing_leaves_the_exit_status_to_the_loop(toy: str, caplog: pytest.LogCaptureFixture) -> None:
    async def once(worker: Worker) -> None:
        assert await echo(worker, 1) == [1]

    for _ in range(15):
        with_worker(toy, once)
    assert [record.message for record in caplog.records] == []


def test_closing_in_every_state(toy: str) -> None:
    async def never_used(worker: Worker) -> None:
        await worker.close()

    async def starting(worker: Worker) -> None:
        start = asyncio.ensure_future(worker.start())
        asked = asyncio.ensure_future(failure(worker, "echo"))
        await asyncio.sleep(0)
        await worker.close()
        assert (await asked).code == "closed"
        with pytest.raises(ProviderError):
            await start

    async def spawned(worker: Worker) -> None:
        others = psutil.Process().children()
        asked = asyncio.ensure_future(failure(worker, "echo"))
        # Nobody tells of a process that has only just begun.
        while psutil.Process().children() == others:  # noqa: ASYNC110
            await asyncio.sleep(0)
        await worker.close()
        assert (await asked).code == "closed"

    async def working(worker: Worker) -> None:
        parts = worker.stream(["until cancelled"])
        await anext(parts)
        await worker.close()
        with pytest.raises(ProviderError) as caught:
            await anext(parts)
        assert caught.value.code == "closed"

    async def stopped(worker: Worker) -> None:
        await worker.start()
        assert worker.pid
        os.kill(worker.pid, signal.SIGSTOP)
        await worker.close()

    async def dead(worker: Worker) -> None:
        await worker.start()
        assert worker.pid
        os.kill(worker.pid, signal.SIGKILL)
        await worker.close()

    async def restarting(worker: Worker) -> None:
        await failure(worker, "die")
        await worker.close()

    async def closed(worker: Worker) -> None:
        await worker.start()
        await asyncio.gather(worker.close(), worker.close())
        await worker.close()
        assert (await failure(worker, "echo")).code == "closed"
        with pytest.raises(ProviderError):
            await worker.start()

    for test in (never_used, starting, spawned, working, stopped, dead, restarting, closed):
        with_worker(toy, test)


def test_the_process_ends_when_its_parent_is_killed(toy: str, tmp_path: Path) -> None:
    engine = tmp_path / "engine.py"
    engine.write_text(
        "import asyncio\n"
        "from vivavoce.providers.offline.worker import Worker\n"
        "async def main():\n"
        "    worker = Worker('toy_worker')\n"
        "    await worker.start()\n"
        "    worker.send(['hang'], print)\n"
        "    print(worker.pid, flush=True)\n"
        "    await asyncio.Event().wait()\n"
        "asyncio.run(main())\n"
    )

    async def main() -> None:
        env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])}
        pipe = asyncio.subprocess.PIPE
        parent = await asyncio.create_subprocess_exec(sys.executable, str(engine), stdout=pipe, env=env)
        assert parent.stdout
        orphan = psutil.Process(int(await parent.stdout.readline()))
        parent.kill()
        await parent.communicate()
        gone, _ = await asyncio.to_thread(psutil.wait_procs, [orphan], 5)
        assert gone or orphan.status() == psutil.STATUS_ZOMBIE

    asyncio.run(main())


def test_ctrl_c_is_not_for_the_worker(toy: str) -> None:
    async def test(worker: Worker) -> None:
        await worker.start()
        assert worker.pid
        assert os.getpgid(worker.pid) != os.getpgid(0)
        os.kill(worker.pid, signal.SIGINT)
        assert await echo(worker, 1) == [1]

    with_worker(toy, test)
