from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import Any, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vivavoce.core.commands import Call, Command, Flush, Hold, Item, Message, Result, Tell, Why
from vivavoce.core.errors import BadInput, Misuse
from vivavoce.core.events import CallStarted, Event, ItemCreated, Played, UserSound
from vivavoce.core.lexicon import ENGLISH
from vivavoce.core.policy import BROWSER, PHONE, Policy, changed
from vivavoce.wire.capture import (
    Capture,
    CaptureError,
    End,
    Header,
    decode,
    encode_end,
    encode_header,
    encode_step,
    render,
)

EVENTS = get_args(Event)
HEADER = Header("0.1.0", "2026-08-01T12:00:00+00:00", "agent", BROWSER, {})
TEXT = st.text(st.characters(exclude_categories=()), max_size=20)


def some(kind: Any) -> st.SearchStrategy[Any]:
    """Any value of a type as the events use types, text with half surrogate pairs included."""
    plain = {
        int: st.integers(-(1 << 53), 1 << 53),
        str: TEXT,
        float: st.floats(allow_nan=False, allow_infinity=False),
        bool: st.booleans(),
        type(None): st.none(),
    }
    if kind in plain:
        return plain[kind]
    if isinstance(kind, type) and issubclass(kind, Enum):
        return st.sampled_from(kind)
    if is_dataclass(kind):
        return st.builds(kind, **{name: some(hint) for name, hint in get_type_hints(kind).items()})
    args = get_args(kind)
    if get_origin(kind) is tuple:
        if args[-1] is ...:
            return st.lists(some(args[0]), max_size=3).map(tuple)
        return st.tuples(*(some(a) for a in args))
    return st.one_of([some(a) for a in args])


def written(*rows: tuple[int, Event, tuple[Command, ...]], header: Header = HEADER, end: End | None = None) -> bytes:
    lines = [encode_header(header), *(encode_step(*row) for row in rows)]
    return b"".join([*lines, encode_end(end)] if end else lines)


def recorded() -> bytes:
    """Header, six steps and an end: eight lines."""
    rows = [(n * 32, UserSound(n * 512, 512, 0.01 * n, 512), ()) for n in range(5)]
    hold = (Hold(7, Why.SPEECH_OVER_AGENT), Flush(7, 33_600, Why.STOP_WORD))
    return written(*rows, (160, Played(7, 480), hold), end=End(200, 2_560, 4_800, caller_at=((0, 12),)))


def test_there_are_events_to_test() -> None:
    assert len(EVENTS) >= 28


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.__name__)
def test_every_kind_of_event_comes_back_equal(kind: type) -> None:
    @settings(max_examples=25, deadline=None)
    @given(some(kind), st.integers(0, 1 << 40))
    def check(event: Event, now: int) -> None:
        line = encode_step(now, event, ())
        assert line.endswith(b"\n")
        assert line.count(b"\n") == 1
        [step] = decode(written((now, event, ()))).steps
        assert (step.line, step.now, step.event, step.commands) == (2, now, event, ())
        assert type(step.event) is kind
        assert repr(step.event).replace("-0.0", "0.0") == repr(event).replace("-0.0", "0.0")

    check()


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(get_args(Command)).flatmap(some))
def test_every_command_renders_on_one_line_and_comes_back_as_text(command: Command) -> None:
    text = render(command)
    assert "\n" not in text
    assert text.startswith(type(command).__name__ + " ")
    assert text.endswith(f"({command.why.name})")
    [step] = decode(written((0, Played(1, 2), (command,)))).steps
    assert step.commands == (text,)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_commands_that_differ_render_differently(data: st.DataObject) -> None:
    command = data.draw(st.sampled_from(get_args(Command)).flatmap(some))
    target: Any = command
    if isinstance(command, Tell):
        target = command.notice
    name = data.draw(st.sampled_from([f.name for f in fields(target)]))
    other: Any = replace(target, **{name: data.draw(some(get_type_hints(type(target))[name]))})
    changed_command = replace(command, notice=other) if isinstance(command, Tell) else other
    same = changed_command == command
    assert (render(command) == render(changed_command)) == same


def test_rendering_is_what_people_read() -> None:
    assert render(Flush(7, 33_600, Why.STOP_WORD)) == "Flush 7 @1.4s (STOP_WORD)"
    assert render(Flush(7, 33_601, Why.STOP_WORD)) == "Flush 7 @1.400042s (STOP_WORD)"
    assert render(Flush(7, 0, Why.STOP_WORD)) == "Flush 7 @0s (STOP_WORD)"
    assert render(Hold(7, Why.SPEECH_OVER_AGENT)) == "Hold 7 (SPEECH_OVER_AGENT)"


def test_a_line_is_small_and_leaves_out_what_is_usual() -> None:
    line = encode_step(123_456, UserSound(1_974_784, 512, 0.0123, 512), ())
    assert line == b'{"t":123456,"e":"UserSound","start":1974784,"samples":512,"p":0.0123,"quiet":512}\n'
    assert encode_step(0, CallStarted(), ()) == b'{"t":0,"e":"CallStarted"}\n'


@pytest.mark.parametrize("item", [Message("a", "user", "hé"), Call("b", "c", "f", "{}"), Result("d", "c", "1")])
def test_items_keep_their_kind(item: Item) -> None:
    [step] = decode(written((0, ItemCreated(item, "root"), ()))).steps
    assert step.event == ItemCreated(item, "root")


@pytest.mark.parametrize(
    "policy",
    [
        BROWSER,
        PHONE,
        changed(PHONE, {"turns": "manual", "barge_in.yielding": "finish_sentence", "idle.prompts": "a|b"}),
        replace(BROWSER, lexicon=replace(ENGLISH, stops=frozenset({"halt", "basta così"}))),
        replace(BROWSER, limits=replace(BROWSER.limits, budget=1e12)),
    ],
)
def test_the_header_comes_back_equal(policy: Policy) -> None:
    prices = {("llm", "input_tokens"): 1.5e-7, ("tts", "characters"): 2e-5}
    header = Header("1.2.3", "2026-08-01T12:00:00+00:00", "Ada", policy, prices)
    assert decode(written(header=header)) == Capture(header, ())


def test_the_header_says_that_this_is_somebodys_speech() -> None:
    row = json.loads(encode_header(HEADER))
    assert row["contains"] == "speech"
    assert row["rates"] == {"in": 16_000, "out": 24_000}
    assert row["policy"]["barge_in.stop_after_ms"] == BROWSER.barge_in.stop_after_ms


def test_the_end_comes_back() -> None:
    capture = decode(recorded())
    assert capture.end == End(200, 2_560, 4_800, caller_at=((0, 12),))
    assert len(capture.steps) == 6
    assert capture.steps[-1].commands == ("Hold 7 (SPEECH_OVER_AGENT)", "Flush 7 @1.4s (STOP_WORD)")
    assert decode(written()).end is None


def test_a_number_that_is_not_finite_is_refused() -> None:
    with pytest.raises(Misuse, match="not finite"):
        encode_step(0, UserSound(0, 512, float("nan")), ())


def lines() -> list[bytes]:
    return recorded().splitlines(keepends=True)


def edited(number: int, old: bytes, new: bytes) -> bytes:
    rows = lines()
    assert old in rows[number - 1]
    rows[number - 1] = rows[number - 1].replace(old, new)
    return b"".join(rows)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", ["empty"]),
        (b"RIFF....WAVE", ["line 1", "capture.jsonl"]),
        (b"[1]\n", ["line 1", "capture.jsonl"]),
        (b'{"vivavoce":"capture","format":99,"version":"9.0"}\n', ["line 1", "format 99", "9.0"]),
        (edited(1, b'"prices":[]', b'"prices":3'), ["line 1", "damaged"]),
        (edited(1, b"endpoint.min_ms", b"endpoint.minimum"), ["line 1", "'endpoint.minimum'"]),
        (edited(1, b'"endpoint.min_ms":200', b'"endpoint.min_ms":"x"'), ["line 1", "min_ms"]),
        (recorded()[:-5], ["line 8", "cut off", "6 steps", "delete"]),
        (b"".join(lines()[:3]) + lines()[3][:20], ["line 4", "cut off", "2 steps"]),
        (edited(3, b'"t"', b"t"), ["line 3", "no JSON", "1 step before it is"]),
        (edited(5, b'"UserSound"', b'"UserSings"'), ["line 5", "'UserSings'", "0.1.0"]),
        (edited(5, b'"samples":512,', b""), ["line 5", "samples", "3 steps"]),
        (edited(5, b'"samples":512', b'"samples":"512"'), ["line 5", "samples"]),
        (edited(5, b'"samples":512', b'"samples":512,"echoes":1'), ["line 5", "'echoes'"]),
        (edited(5, b'"t":96', b'"t":1'), ["line 5", "back in time"]),
        (edited(5, b'"t":96', b'"t":null'), ["line 5"]),
        (edited(7, b'"c":[', b'"c":[3,'), ["line 7", "5 steps"]),
        (b"".join(lines()[:3]) + b"7\n", ["line 4", "no JSON object"]),
        (b"".join(lines()[:3]) + b"\n" + b"".join(lines()[3:]), ["line 4", "no JSON"]),
        (b"".join(lines()[:3]) + b"\xff\xfe\n", ["line 4", "no JSON"]),
        (recorded() + lines()[3], ["line 9", "after the end"]),
        (written((0, ItemCreated(Message("a", "b", "c")), ())).replace(b'"Message"', b'"Massage"'), ["line 2", "kind"]),
        (written((0, ItemCreated(Message("a", "b", "c")), ())).replace(b'"kind":"Message",', b""), ["line 2", "kind"]),
    ],
)
def test_damage_is_told_in_one_line(data: bytes, says: list[str]) -> None:
    with pytest.raises(CaptureError) as caught:
        decode(data)
    message = str(caught.value)
    assert all(word in message for word in says), message
    assert "\n" not in message
    assert isinstance(caught.value, BadInput)


def test_what_comes_before_the_damage_can_be_used() -> None:
    capture = decode(b"".join(lines()[:5]) + b"\0\0\0", until_damage=True)
    assert len(capture.steps) == 4
    assert "line 6" in capture.damage
    assert capture.end is None
    assert decode(recorded(), until_damage=True).damage == ""
    with pytest.raises(CaptureError):
        decode(b"{}", until_damage=True)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(recorded())), st.binary(max_size=3), st.integers(0, 3))
def test_no_damage_causes_anything_but_a_capture_error(at: int, garbage: bytes, removed: int) -> None:
    data = recorded()
    with suppress(CaptureError):
        decode(data[:at] + garbage + data[at + removed :])
