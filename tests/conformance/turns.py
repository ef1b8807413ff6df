"""The user's turns: speech, commit, item, transcription."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .reading import Event, dig, text

STAGES = ("started", "stopped", "committed", "added")


@dataclass(slots=True)
class Turn:
    """One turn, known by the id of the item that it becomes."""

    id: str
    stage: str
    start_ms: int = 0
    timed_out: bool = False


class Turns:
    """Speech that starts, stops, is committed and becomes an item, with one id all the way."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self.all: dict[str, Turn] = {}
        self._heard: set[tuple[str, int]] = set()

    def started(self, event: Event) -> None:
        """input_audio_buffer.speech_started."""
        turn = Turn(text(event.get("item_id")), "started", event.get("audio_start_ms") or 0)
        if turn.id in self.all:
            self._say(f"speech of {turn.id} starts twice")
            return
        self.all[turn.id] = turn

    def stopped(self, event: Event) -> None:
        """input_audio_buffer.speech_stopped."""
        turn = self.all.get(text(event.get("item_id")))
        if turn is None:
            self._say(f"speech of {event.get('item_id')!r} stops but never started")
            return
        if turn.stage != "started":
            self._say(f"speech of {turn.id} stops after it was {turn.stage}")
            return
        turn.stage = "stopped"
        end = event.get("audio_end_ms")
        if isinstance(end, int) and end < turn.start_ms:
            self._say(f"speech of {turn.id} ends at {end} ms, before its start at {turn.start_ms} ms")

    def timed_out(self, event: Event) -> None:
        """input_audio_buffer.timeout_triggered: a turn without speech."""
        turn = Turn(text(event.get("item_id")), "stopped", timed_out=True)
        if turn.id in self.all:
            self._say(f"the timeout names {turn.id}, which is {self.all[turn.id].stage} already")
        self.all[turn.id] = turn

    def committed(self, item_id: str, asked: Callable[[], bool]) -> bool:
        """input_audio_buffer.committed; true when the server itself ended the turn."""
        turn = self.all.setdefault(item_id, Turn(item_id, ""))
        own = turn.stage == "stopped"
        if turn.stage in ("committed", "added"):
            self._say(f"{item_id} is committed twice")
        elif not own and not asked():
            why = (
                "before its speech_stopped" if turn.stage else "though neither speech, timeout nor commit asked for it"
            )
            self._say(f"{item_id} is committed {why}")
        turn.stage = "committed"
        return own

    def added(self, item_id: str) -> bool:
        """The item of a turn enters the conversation; false if no turn has this id."""
        turn = self.all.get(item_id)
        if turn is None:
            return False
        if turn.stage != "committed":
            self._say(f"the item of turn {item_id} is added when the turn is {turn.stage}, not committed")
        turn.stage = "added"
        return True

    def coming(self) -> list[str]:
        """Turns committed whose items are still to come."""
        return [turn.id for turn in self.all.values() if turn.stage == "committed"]

    def transcribed(self, event: Event, final: bool) -> None:
        """A transcription event: nothing may follow the final one."""
        key = (text(event.get("item_id")), dig(event, "content_index") or 0)
        if key in self._heard:
            self._say(f"transcription of {key[0]} goes on after its end")
        if final:
            self._heard.add(key)

    def open(self) -> list[str]:
        """Turns committed or timed out that never became items; speech never committed is legal."""
        late = [t for t in self.all.values() if t.stage == "committed" or (t.timed_out and t.stage == "stopped")]
        return [
            f"turn {t.id} was {'committed' if t.stage == 'committed' else 'timed out'} and got no item" for t in late
        ]
