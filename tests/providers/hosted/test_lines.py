"""Warm connections: kept, replaced, given up and hung up."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from vivavoce.providers.hosted import lines as lines_module
from vivavoce.providers.hosted.lines import SPARE, Lines


@dataclass
class Vendor:
    """Connections are numbers; those in `broken` cannot be asked."""

    made: int = 0
    open: set[int] = field(default_factory=set)
    broken: set[int] = field(default_factory=set)
    asked: list[int] = field(default_factory=list)
    hushed: list[int] = field(default_factory=list)
    slow_s: float = 0.0

    @asynccontextmanager
    async def connect(self, kind):
        self.made += 1
        number = self.made
        self.open.add(number)
        try:
            yield number
        finally:
            if self.slow_s:
                await asyncio.sleep(self.slow_s)
            self.open.discard(number)

    async def ask(self, line):
        if line.connection in self.broken:
            raise ConnectionError
        self.asked.append(line.connection)

    async def hush(self, line):
        if line.connection in self.broken:
            raise ConnectionError
        self.hushed.append(line.connection)


async def use(lines, vendor, kind="a"):
    async with lines.line(kind, vendor.ask, vendor.hush) as line:
        return line.connection


async def test_a_line_is_used_again_for_its_kind_only():
    vendor = Vendor()
    lines = Lines(vendor.connect)
    assert [await use(lines, vendor, kind) for kind in "aaba"] == [1, 1, 2, 1]
    await lines.close()
    assert not vendor.open


async def test_lines_in_use_are_not_shared_and_only_a_few_are_kept():
    vendor = Vendor()
    lines = Lines(vendor.connect)
    ready, go = [], asyncio.Event()

    async def hold():
        async with lines.line("a", vendor.ask, vendor.hush) as line:
            ready.append(line.connection)
            await go.wait()

    tasks = [asyncio.create_task(hold()) for _ in range(SPARE + 2)]
    await asyncio.sleep(0.01)
    assert sorted(ready) == [1, 2, 3, 4, 5, 6]
    go.set()
    await asyncio.gather(*tasks)
    await asyncio.sleep(0.01)
    assert len(vendor.open) == SPARE
    await lines.close()
    assert not vendor.open


async def test_broken_warm_lines_are_replaced_and_a_broken_fresh_one_is_an_error():
    vendor = Vendor()
    lines = Lines(vendor.connect)
    await use(lines, vendor)
    vendor.broken = {1}
    assert await use(lines, vendor) == 2
    vendor.broken = {2, 3}
    with pytest.raises(ConnectionError):
        await use(lines, vendor)
    await lines.close()
    assert not vendor.open


async def test_a_line_is_given_up_after_so_many_uses():
    vendor = Vendor()
    lines = Lines(vendor.connect, uses=2)
    assert [await use(lines, vendor) for _ in range(5)] == [1, 1, 2, 2, 3]
    await lines.close()


async def test_an_idle_line_is_hung_up():
    vendor = Vendor()
    lines = Lines(vendor.connect, idle_s=0.01)
    await use(lines, vendor)
    assert vendor.open
    await asyncio.sleep(0.03)
    assert not vendor.open
    assert await use(lines, vendor) == 2
    await lines.close()


async def test_an_interrupted_line_is_hushed_and_kept():
    vendor = Vendor()
    lines = Lines(vendor.connect)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.005), lines.line("a", vendor.ask, vendor.hush):
            await asyncio.sleep(1)
    assert vendor.hushed == [1]
    assert await use(lines, vendor) == 1
    await lines.close()


@pytest.mark.parametrize("broken", [False, True])
async def test_an_interrupted_line_that_was_silent_or_is_broken_is_hung_up(monkeypatch, broken):
    monkeypatch.setattr(lines_module, "SILENT_S", 10.0 if broken else 0.001)
    vendor = Vendor()
    lines = Lines(vendor.connect)
    asyncio.get_running_loop().call_later(0.002, vendor.broken.update, {1} if broken else set())
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.005), lines.line("a", vendor.ask, vendor.hush):
            await asyncio.sleep(1)
    assert vendor.hushed == ([] if broken else [1])
    assert await use(lines, vendor) == 2
    await lines.close()


async def test_a_line_with_an_error_is_hung_up():
    vendor = Vendor()
    lines = Lines(vendor.connect)
    with pytest.raises(ValueError):
        async with lines.line("a", vendor.ask, vendor.hush):
            raise ValueError
    assert await use(lines, vendor) == 2
    await lines.close()
    assert not vendor.open


async def test_a_vendor_that_does_not_let_go_is_let_go(monkeypatch):
    monkeypatch.setattr(lines_module, "_HANG_UP_S", 0.01)
    vendor = Vendor(slow_s=5.0)
    lines = Lines(vendor.connect)
    await use(lines, vendor)
    async with asyncio.timeout(0.5):
        await lines.close()


async def test_hearing_is_a_sign_of_life():
    vendor = Vendor()
    lines = Lines(vendor.connect)
    async with lines.line("a", vendor.ask, vendor.hush) as line:
        asked = line.heard
        assert await line.hear(asyncio.sleep(0.005, "word")) == "word"
        assert line.heard > asked
    await lines.close()
