"""The client, the runner and the report, tried on the scripted server."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from . import report
from .__main__ import main
from .audio import from_alaw, from_ulaw, resample, silence, smoothness, to_alaw, to_ulaw, tone
from .client import address
from .fake import serving
from .lab import CASES, Target
from .reading import Event
from .runner import Result, chosen, run

GOOD = ["session.created", "session.type_is_required", "items.text_of_every_role", "responses.text_to_audio"]
GOOD += ["openers", "malformed.not_json", "malformed.unknown_type", "malformed.deep"]


def ran(*globs: str, spoil: Any = lambda event: event) -> list[Result]:
    """The results of cases against the scripted server."""

    async def go() -> list[Result]:
        async with serving(spoil) as url:
            return await run(chosen(globs), Target(url, timeout=0.5))

    return asyncio.run(asyncio.wait_for(go(), 60))


def test_a_good_server_passes() -> None:
    results = ran(*GOOD)
    assert [(r.name, r.outcome, r.note) for r in results if r.outcome != "PASS"] == []
    assert report.verdict(results).startswith("CONFORMS")
    assert "2  session.updated" in report.coverage(results[1:3]) or "session.updated" in report.coverage(results)


def lost(event: Event) -> Event | None:
    """Forget one event."""
    return None if event["type"] == "response.content_part.done" else event


def bent(event: Event) -> Event:
    """A wrong shape, in the right order."""
    return event | {"part": {"type": "output_audio"}} if event["type"] == "response.content_part.added" else event


def test_a_bad_server_is_told_why() -> None:
    [result] = ran("responses.text_to_audio", spoil=lost)
    assert result.outcome == "FAIL"
    assert any("is open" in complaint for complaint in result.order)
    assert "response.done" in result.transcript
    [result] = ran("responses.text_to_audio", spoil=bent)
    assert any("part.type" in complaint for complaint in result.schema)
    assert report.verdict([result]).startswith("DOES NOT CONFORM")
    assert "part.type" in report.breaches([result])
    assert "responses.text_to_audio" in report.failures([result])


def test_silence_is_a_failure_and_a_missing_call_is_none() -> None:
    assert ran("session.created", spoil=lambda event: None)[0].outcome == "FAIL"
    assert [r.outcome for r in ran("tools.one_call")] == ["SKIP"]


def test_a_server_that_is_not_there_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = tmp_path / "out.json"
    code = main(["--url", "ws://127.0.0.1:9/v1", "--only", "session.created", "--json", str(found)])
    assert code == 1
    assert "no connection" in json.loads(found.read_text())[0]["note"]
    assert "DOES NOT CONFORM" in capsys.readouterr().out


def test_the_list_names_every_case(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list"]) == 0
    listed = capsys.readouterr().out.splitlines()
    assert len(listed) == len(CASES) == len({case.name for case in CASES})
    assert all(case.summary for case in CASES)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("http://h:1/v1", "ws://h:1/v1/realtime?model=m"),
        ("https://h/v1/", "wss://h/v1/realtime?model=m"),
        ("ws://h/v1/realtime", "ws://h/v1/realtime?model=m"),
        ("wss://h/v1?x=1", "wss://h/v1/realtime?x=1&model=m"),
        ("h:1/v1", "ws://h:1/v1/realtime?model=m"),
    ],
)
def test_addresses(given: str, expected: str) -> None:
    assert address(given, {"model": "m"}) == expected


def test_audio_helpers() -> None:
    assert len(silence(100)) == 4800
    assert smoothness(tone(100)) > 0.9
    for there, back in ((to_ulaw, from_ulaw), (to_alaw, from_alaw)):
        codes = bytes(range(256))
        assert sum(a != b for a, b in zip(there(back(codes)), codes, strict=True)) <= 1
    from array import array

    up = resample(array("h", tone(200, rate=16000)), 16000, 24000)
    best = array("h", tone(200))
    assert max(abs(a - b) for a, b in zip(up[200:-200], best[200:-200], strict=True)) < 200
