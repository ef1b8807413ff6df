"""Turns that somebody else ends: a hand on a button, a keyboard, or a remote engine that hears for us."""

from __future__ import annotations

from .commands import FinishWords, Message, Why
from .events import RemoteTurn, RemoteTurned, Turns, UserWords
from .listening import Listening
from .notices import UserStopped, UserTurned
from .turn import Turn

_AGAIN_MS = 20
"""How soon to look again whether the words of a committed turn are complete."""


def commit(listening: Listening, answer: bool, item: str = "") -> None:
    """Push-to-talk released: final words first, then the turn. With a name it is kept also without words, and has its
    place in the history at once."""
    context, hearing, turn = listening.context, listening.hearing, listening.turn
    if item and context.history.has(item):
        # The turn was over by itself just before.
        return
    if turn is None:
        if hearing.position == 0 and context.has_stt and not item:
            return
        last = listening.last.end if listening.last else 0
        start = max(last, listening.forgotten, *(earlier.until for earlier in listening.committed))
        turn = listening.open(start, Why.COMMITTED, speaking=False)
    turn.end = max(turn.end, hearing.end)
    turn.speaking = False
    if context.has_stt and turn.finish_asked < hearing.position:
        listening.transcribing.finish(turn, hearing.position, Why.COMMITTED)
    context.set_timer("commit" if answer else "record", turn.id, context.now)
    if item:
        _keep(listening, turn, item)


def _keep(listening: Listening, turn: Turn, item: str) -> None:
    """It has its place, and waits only for its words; what is said from now on is another turn."""
    turn.item, turn.kept, turn.until, turn.over_agent = item, True, listening.hearing.position, False
    # Whether it would have interrupted, nobody will decide any more.
    listening.overlapping.harmless(None, Why.COMMITTED)
    listening.close(turn)
    listening.committed.append(turn)
    listening.hearing.forget()
    listening.context.history.add(Message(item, "user", ""))
    if turn.owed:
        listening.transcribing.wait(turn)


def committing(listening: Listening) -> bool:
    """A turn was ended by hand and waits only for its words."""
    turn, timers = listening.turn, listening.context.timers
    return bool(listening.committed) or (
        turn is not None and (("commit", turn.id) in timers or ("record", turn.id) in timers)
    )


def commit_due(listening: Listening, who: int, answer: bool) -> None:
    """Are the words of the committed turn complete?"""
    turn = listening.awaited(who)
    if turn is None:
        return
    if turn.owed or listening.speaking.settling:
        listening.context.set_timer("commit" if answer else "record", who, listening.context.now + _AGAIN_MS)
        return
    turn.over_agent = False
    if answer and turn.text:
        listening.speaking.stop(Why.COMMITTED)
    listening.commit(turn, Why.WORDS_LATE if turn.given_up else Why.COMMITTED, answer)


def clear(listening: Listening) -> None:
    """Forget what was said since the last turn."""
    hearing, turn = listening.hearing, listening.turn
    hearing.forget()
    listening.forgotten = hearing.position
    listening.waiting.clear()
    if listening.context.has_stt and listening.forgotten:
        # The recogniser is to begin anew, or old words would come back at the head of new ones.
        listening.context.emit(FinishWords(turn.id if turn is not None else 0, listening.forgotten, Why.CLEARED))
    listening.overlapping.harmless(None, Why.CLEARED)
    if turn is not None:
        listening.drop(turn, Why.CLEARED)


def typed(listening: Listening, text: str, answer: bool) -> None:
    """A typed turn takes the floor like a spoken one."""
    context, at = listening.context, listening.hearing.position
    listening.speaking.stop(Why.TYPED)
    turn = Turn(context.next_id("turn"), at, at, context.item_id(), speaking=False)
    turn.hear(UserWords(0, text, True, at, at))
    _record(listening, turn, Why.TYPED)
    turn.marks.set("user_end", context.now)
    turn.marks.set("turn_decided", context.now)
    if answer:
        listening.answer(turn, Why.TYPED)


def remote(listening: Listening, event: RemoteTurned) -> None:
    """A remote engine hears for us: it says when the caller speaks, and it has already stopped answering."""
    if listening.context.policy.turns is not Turns.REMOTE:
        return
    turn = listening.turn
    if event.kind is RemoteTurn.STARTED:
        listening.speaking.stop(Why.REMOTE)
        if turn is None:
            listening.open(event.at, Why.REMOTE)
    elif turn is not None:
        turn.speaking = False
        turn.end = max(turn.start, event.at)
        if event.kind is RemoteTurn.STOPPED:
            listening.context.tell(UserStopped(turn.id, event.at), Why.REMOTE)
        else:
            # Recorded without asking anyone for an answer: the remote engine answers by itself.
            listening.close(turn)
            listening.last = turn
            _record(listening, turn, Why.REMOTE)


def _record(listening: Listening, turn: Turn, why: Why) -> None:
    listening.context.history.add(Message(turn.item, "user", turn.text))
    listening.context.tell(UserTurned(turn.id, turn.item, turn.text, turn.start, turn.end), why)
    listening.speaking.endings.user_texts[turn.id] = turn.text
