"""Legal timelines pass the order checker; every mutation of them is caught."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from .order import EVENT_TYPES, OrderChecker
from .reading import Event, dig
from .shapes import (
    calling,
    created,
    done,
    error,
    item_event,
    message,
    reply,
    session,
    spoken,
    transcription_session,
    written,
)

Frame = tuple[str, Event]
ITEM = "conversation.item"


def ours(kind: str, **fields: Any) -> Frame:
    """A client event."""
    return ">", {"type": kind, **fields}


def theirs(*events: Event) -> list[Frame]:
    """Server events."""
    return [("<", event) for event in events]


def said(item_id: str, previous: str | None, role: str = "user") -> list[Frame]:
    """The client creates a message of an id; both events follow."""
    item = message(item_id, role, "completed", {"type": "input_text", "text": "x"})
    return [ours(f"{ITEM}.create", item=item), *theirs(*(item_event(k, item, previous) for k in ("added", "done")))]


def heard(item_id: str, previous: str | None) -> list[Event]:
    """The end of a turn: committed, added, done."""
    item = message(item_id, "user", "completed", {"type": "input_audio", "transcript": None})
    committed = {"type": "input_audio_buffer.committed", "item_id": item_id, "previous_item_id": previous}
    return [committed, *(item_event(kind, item, previous) for kind in ("added", "done"))]


def speech(item_id: str, previous: str | None) -> list[Event]:
    """A whole turn by server VAD."""
    started = {"type": "input_audio_buffer.speech_started", "item_id": item_id, "audio_start_ms": 100}
    stopped = {"type": "input_audio_buffer.speech_stopped", "item_id": item_id, "audio_end_ms": 900}
    return [started, stopped, *heard(item_id, previous)]


def cut(response_id: str, item_id: str, previous: str | None, reason: str) -> list[Event]:
    """A spoken response that is cancelled amid its item."""
    inner = spoken(response_id, item_id, previous, status="incomplete")
    return [created(response_id), *inner, done(response_id, "cancelled", inner[-1]["item"], reason=reason)]


START = theirs({"type": "session.created", "session": session()})
ASK = ours("response.create")
TEXT = written("r", "a", "u")
ASIDE = written("s", "b", None, outside=True)
CALLS = [*calling("r", "f", "u"), *calling("r", "g", "f", 1)]
BARGE = cut("r", "a", "u", "turn_detected")
NONE = {"conversation": "none", "metadata": {"k": "v"}}
OUTSIDE: dict[str, Any] = {"conversation_id": None, "metadata": {"k": "v"}}
REQUEST = message("q", "user", "completed") | {"type": "mcp_approval_request"}
DECISION = {"id": "d", "type": "mcp_approval_response", "approval_request_id": "q", "approve": True}
APPROVED = {"id": "c", "type": "mcp_call", "approval_request_id": "q"}
LISTED = message("m", "user", "completed") | {"type": "mcp_list_tools"}

TIMELINES: dict[str, list[Frame]] = {
    "A": [*START, *said("u", None), ASK, *theirs(*reply("r", "a", "u"))],
    "A text": [*START, *said("u", None), ASK, *theirs(created("r"), *TEXT, done("r", "completed", TEXT[-1]["item"]))],
    "B": [*START, *theirs(*speech("u", None), *reply("r", "a", "u"))],
    "C": [
        *START,
        *said("u", None),
        ASK,
        *theirs(*BARGE[:7], speech("v", "a")[0], *BARGE[7:]),
        ours(f"{ITEM}.truncate", item_id="a", content_index=0, audio_end_ms=5),
        *theirs({"type": f"{ITEM}.truncated", "item_id": "a", "content_index": 0, "audio_end_ms": 5}),
        *theirs(*speech("v", "a")[1:], *reply("q", "b", "v")),
    ],
    "D": [
        *START,
        *said("u", None),
        ASK,
        *theirs(*reply("r", "a", "u"), {"type": "output_audio_buffer.started", "response_id": "r"}),
        *theirs({"type": "output_audio_buffer.cleared", "response_id": "r"}),
        *theirs({"type": f"{ITEM}.truncated", "item_id": "a", "content_index": 0, "audio_end_ms": 5}),
    ],
    "E": [
        *START,
        *said("u", None),
        ASK,
        *theirs(created("r"), *CALLS, done("r", "completed", CALLS[6]["item"], CALLS[-1]["item"])),
    ],
    "F": [
        *START,
        ours("input_audio_buffer.clear"),
        *theirs({"type": "input_audio_buffer.cleared"}),
        ours("input_audio_buffer.append", audio=""),
        ours("input_audio_buffer.commit"),
        *theirs(*heard("u", None)),
        ASK,
        *theirs(*reply("r", "a", "u")),
    ],
    "G": [
        *START,
        *said("u", None),
        ours("response.create", response=NONE),
        ASK,
        *theirs(created("s", **OUTSIDE), created("r"), *ASIDE, *spoken("r", "a", "u")),
        *theirs(done("s", "completed", ASIDE[-1]["item"], **OUTSIDE)),
        *theirs(done("r", "completed", spoken("r", "a", "u")[-1]["item"])),
    ],
    "H": [
        *START,
        *theirs(
            {"type": "input_audio_buffer.timeout_triggered", "item_id": "u", "audio_start_ms": 0, "audio_end_ms": 9}
        ),
        *theirs(*heard("u", None), *reply("r", "a", "u")),
    ],
    "I": [
        *START,
        *theirs(item_event("added", LISTED, None), {"type": "mcp_list_tools.in_progress", "item_id": "m"}),
        *theirs({"type": "mcp_list_tools.completed", "item_id": "m"}, item_event("done", LISTED, None)),
    ],
    "J": [*START, *said("u", None), *said("v", "u"), ASK, *theirs(*reply("r", "a", "v"))],
    "K": [
        *START,
        ours("response.cancel", event_id="c1"),
        *theirs(error("c1", "response_cancel_not_active", None)),
        ours("no.such.event"),
        *theirs(error(None, "invalid_value", "type")),
        *said("u", None),
        ASK,
        ours("response.create", event_id="c2"),
        *theirs(created("r"), error("c2", "conversation_already_has_active_response", None)),
        ours("response.cancel", event_id="c3"),
        *theirs(*cut("r", "a", "u", "client_cancelled")[1:]),
    ],
    "items": [
        *START,
        *said("u", None),
        *said("v", "u"),
        ours(f"{ITEM}.create", item=message("t", "user", "completed"), previous_item_id="root"),
        *theirs(*(item_event(kind, message("t", "user", "completed"), None) for kind in ("added", "done"))),
        ours(f"{ITEM}.retrieve", item_id="u"),
        *theirs({"type": f"{ITEM}.retrieved", "item": message("u", "user", "completed")}),
        ours(f"{ITEM}.delete", item_id="v"),
        *theirs({"type": f"{ITEM}.deleted", "item_id": "v"}),
        *said("w", "u"),
    ],
    "approved": [
        *START,
        *theirs(item_event("added", REQUEST, None), item_event("done", REQUEST, None)),
        ours(f"{ITEM}.create", item=DECISION),
        *theirs(item_event("added", DECISION, "q"), item_event("done", DECISION, "q")),
        *theirs(item_event("added", APPROVED, "d")),
        *theirs({"type": "response.mcp_call.in_progress", "item_id": "c", "output_index": 0}),
        *theirs({"type": "response.mcp_call.completed", "item_id": "c", "output_index": 0}),
        *theirs(item_event("done", APPROVED, "d")),
    ],
    "transcription": [
        *theirs({"type": "session.created", "session": transcription_session()}),
        ours("session.update"),
        *theirs({"type": "session.updated", "session": transcription_session()}),
        *theirs(*speech("u", None)),
        *theirs({"type": f"{ITEM}.input_audio_transcription.delta", "item_id": "u", "content_index": 0, "delta": "x"}),
        *theirs({"type": f"{ITEM}.input_audio_transcription.completed", "item_id": "u", "content_index": 0}),
    ],
}


def checked(frames: list[Frame], number: bool = True) -> OrderChecker:
    """A checker that has seen these frames, with event ids of their own."""
    checker = OrderChecker()
    for n, (way, event) in enumerate(frames):
        if way == ">":
            checker.sent(event)
        else:
            checker.received({"event_id": f"e{n}", **event} if number else event)
    return checker


def complaints(frames: list[Frame]) -> list[str]:
    """Everything wrong, what stays open included."""
    checker = checked(frames)
    return checker.violations + checker.finish()


def received(name: str) -> list[int]:
    """Where the server's frames are."""
    return [n for n, (way, _) in enumerate(TIMELINES[name]) if way == "<"]


HARMLESS = {"rate_limits.updated", "output_audio_buffer.started", "output_audio_buffer.cleared"}
HARMLESS |= {"input_audio_buffer.timeout_triggered", f"{ITEM}.input_audio_transcription.completed"}
HARMLESS |= {f"{ITEM}.input_audio_transcription.delta", "response.output_audio.delta", f"{ITEM}.truncated"}
"""Types of which one may be absent, or come twice, without another event telling."""

FREE = [{"response.output_item.added", "response.output_item.done"}]
"""Pairs that may come in either order: an item may begin before another ends."""

LOOSE = {"session.updated", "response.output_audio.delta", "response.output_audio_transcript.delta", *HARMLESS}


@pytest.mark.parametrize("name", TIMELINES)
def test_a_legal_timeline_passes(name: str) -> None:
    assert complaints(TIMELINES[name]) == []


@pytest.mark.parametrize("name", TIMELINES)
def test_a_dropped_event_is_missed(name: str) -> None:
    frames = TIMELINES[name]
    silent = [
        frames[n][1]["type"]
        for n in received(name)
        if frames[n][1]["type"] not in HARMLESS and not complaints(frames[:n] + frames[n + 1 :])
    ]
    assert silent == []


@pytest.mark.parametrize("name", TIMELINES)
def test_an_event_that_comes_twice_is_caught(name: str) -> None:
    frames = TIMELINES[name]
    silent = [
        frames[n][1]["type"]
        for n in received(name)
        if frames[n][1]["type"] not in HARMLESS and not complaints([*frames[: n + 1], *frames[n:]])
    ]
    assert silent == []


@pytest.mark.parametrize("name", [name for name in TIMELINES if name not in ("K", "items", "D", "approved")])
def test_neighbours_that_change_places_are_caught(name: str) -> None:
    frames, silent = TIMELINES[name], []
    for n, follows in zip(received(name), received(name)[1:], strict=False):
        pair = {frames[n][1]["type"], frames[follows][1]["type"]}
        alike = len({dig(frames[at][1], "response", "id") or dig(frames[at][1], "response_id") for at in (n, follows)})
        if follows != n + 1 or pair & LOOSE or pair in FREE or (alike == 2 and name in ("G", "C")):
            continue
        changed = [*frames[:n], frames[follows], frames[n], *frames[follows + 1 :]]
        if not complaints(changed):
            silent.append(sorted(pair))
    assert silent == []


IDS = ("item_id", "response_id", "output_index", "content_index", "previous_item_id")


@pytest.mark.parametrize("name", TIMELINES)
@pytest.mark.parametrize("key", IDS)
def test_a_wrong_reference_is_caught(name: str, key: str) -> None:
    silent = []
    for n in received(name):
        event = TIMELINES[name][n][1]
        if (
            key in event
            and (key, event["type"]) != ("content_index", f"{ITEM}.truncated")
            and "transc" not in str(event["type"])
        ):
            wrong = copy.deepcopy(TIMELINES[name])
            wrong[n][1][key] = 7 if key.endswith("index") else "nowhere"
            if not complaints(wrong):
                silent.append(event["type"])
    assert silent == []


def changed(name: str, kind: str, change: Callable[[Event], Any], nth: int = 0) -> list[str]:
    """The complaints after one event of a timeline was changed."""
    frames = copy.deepcopy(TIMELINES[name])
    change([event for way, event in frames if way == "<" and event["type"] == kind][nth])
    return complaints(frames)


STEM = "response.output_audio_transcript"
CHANGES: list[tuple[str, str, Callable[[Event], Any], str]] = [
    ("A", f"{STEM}.delta", lambda e: e.update(delta="Ho "), "its deltas were"),
    ("A", f"{STEM}.done", lambda e: e.update(transcript="Hi"), "its deltas were"),
    ("A", "response.content_part.done", lambda e: e["part"].update(transcript="Hi"), "content_part.done says"),
    ("A", f"{ITEM}.done", lambda e: None, ""),
    ("A", "response.done", lambda e: e["response"].update(output=[]), "lists the items"),
    ("A", "response.done", lambda e: e["response"].update(status="in_progress"), "in_progress"),
    ("A", "response.created", lambda e: e["response"].update(status="completed"), "is created with status"),
    ("A text", "response.output_text.done", lambda e: e.update(text="Ho"), "its deltas were"),
    ("E", "response.function_call_arguments.done", lambda e: e.update(name=""), "has no name"),
    ("E", "response.function_call_arguments.done", lambda e: e.update(arguments="{}"), "its deltas were"),
    ("E", "response.output_item.done", lambda e: e["item"].update(arguments="{}"), "arguments of"),
    ("G", "response.created", lambda e: e["response"].update(metadata=None), "metadata"),
    ("G", "response.done", lambda e: e["response"].update(metadata=None), "metadata"),
    ("B", "input_audio_buffer.speech_stopped", lambda e: e.update(audio_end_ms=1), "before its start"),
    ("K", "error", lambda e: e["error"].update(event_id="c9"), "no event that the client sent"),
    ("K", "error", lambda e: e["error"].update(event_id=None), "without event_id"),
    ("A", f"{ITEM}.added", lambda e: e.update(type=f"{ITEM}.created"), "instead"),
    ("A", "rate_limits.updated", lambda e: e.update(type="response.cancelled"), "no event type of GA"),
]


@pytest.mark.parametrize(("name", "kind", "change", "words"), CHANGES)
def test_a_changed_event_is_caught(name: str, kind: str, change: Callable[[Event], Any], words: str) -> None:
    assert any(words in complaint for complaint in changed(name, kind, change)) or not words


def test_event_ids_are_there_and_unique() -> None:
    assert complaints([*START, *theirs({"type": "rate_limits.updated", "event_id": None})])
    twice = {"type": "rate_limits.updated", "event_id": "same"}
    assert "used before" in complaints([*START, *theirs(twice, twice)])[0]
    assert not complaints([*START, *theirs({"type": "input_audio_buffer.dtmf_event_received", "event_id": None})])


def test_unknown_fields_are_tolerated() -> None:
    frames = copy.deepcopy(TIMELINES["A"])
    for _, event in frames:
        event["obfuscation"] = "xyz"
    assert not complaints(frames)


def test_two_responses_of_the_conversation_at_once_are_caught() -> None:
    frames = [*START, ASK, ASK, *theirs(created("r"), created("q"))]
    assert any("while r is active" in complaint for complaint in complaints(frames))


def test_an_item_of_an_out_of_band_response_stays_out_of_the_conversation() -> None:
    inside = written("s", "b", None)
    frames = [*START, ours("response.create", response=NONE), *theirs(created("s", **OUTSIDE), *inside)]
    assert any("out-of-band" in complaint for complaint in complaints(frames))


def test_a_call_that_nobody_approved_is_caught() -> None:
    for change in ({"approve": False}, {"approval_request_id": "else"}):
        frames = copy.deepcopy(TIMELINES["approved"])
        next(event for way, event in frames if way == ">")["item"].update(change)
        assert any("comes from no turn" in complaint for complaint in complaints(frames))


def test_only_the_oldest_items_go_unasked() -> None:
    frames = [*START, *said("u", None), *said("v", "u")]
    gone = theirs(*({"type": f"{ITEM}.deleted", "item_id": item} for item in "uv"))
    assert not complaints([*frames, *gone])
    assert any("nor is it the oldest" in complaint for complaint in complaints([*frames, *reversed(gone)]))


def test_speech_that_is_never_committed_is_legal() -> None:
    assert not complaints([*START, *theirs(speech("u", None)[0])])
    assert not complaints([*START, *theirs(*speech("u", None)[:2])])


@pytest.mark.parametrize(
    "kind",
    ["session.update", "input_audio_buffer.commit", "input_audio_buffer.clear", f"{ITEM}.create", "response.cancel"],
)
def test_an_unanswered_event_is_open(kind: str) -> None:
    assert complaints([*START, ours(kind, event_id="c1")])
    assert not complaints([*START, ours(kind, event_id="c1"), *theirs(error("c1", None, None))])
    assert complaints([*START, ours(kind, event_id="c1"), *theirs(error("c1", None, None), error("c1", None, None))])


def test_a_cancel_that_loses_the_race_may_end_either_way() -> None:
    frames = [*TIMELINES["A"][:-2], ours("response.cancel", event_id="c1"), *TIMELINES["A"][-2:]]
    assert not complaints(frames)
    assert not complaints([*frames, *theirs(error("c1", "response_cancel_not_active", None))])


def test_a_frame_that_is_no_event_wants_an_error() -> None:
    checker = checked(START)
    checker.sent_malformed()
    assert checker.finish()
    checker.received({"event_id": "x"} | error(None, "invalid_event", None))
    assert not checker.finish()
    assert not checker.violations


def test_the_types_are_those_of_the_union() -> None:
    from typing import get_args

    from openai.types.realtime import RealtimeServerEvent

    members = get_args(get_args(RealtimeServerEvent)[0])
    types = {name for member in members for name in get_args(member.model_fields["type"].annotation)}
    assert types >= EVENT_TYPES
