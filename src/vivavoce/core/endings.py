"""How replies end, and what outlives them: the last word on what was heard, tool results, and the turn's report."""

from __future__ import annotations

from dataclasses import dataclass, field

from .commands import Cancel, CancelTool, Flush, Role, Why
from .context import Context
from .duet import ended
from .marks import Marks
from .meter import Bill
from .notices import ReplyClosed, ToolSettled, TurnReport
from .reply import ENDINGS, Reply, State
from .tools import Row, Tools
from .tools import State as ToolState

ENDED = "the call ended before it answered"


@dataclass(slots=True)
class Endings:
    context: Context
    settling: set[int] = field(default_factory=set)
    """Replies that are cut but have not said how much of them was heard."""
    awaiting: dict[int, Reply] = field(default_factory=dict)
    """Live replies whose tool results nobody has answered yet."""
    user_texts: dict[int, str] = field(default_factory=dict)
    """Words of each turn, for its report."""

    def cut(self, reply: Reply, why: Why) -> None:
        """Stop it at the sample reached; it closes when the player confirms that sample."""
        self._end(reply, State.CUT, why)

    def fail(self, reply: Reply, sounding: bool) -> None:
        """Let what exists of the reply that is `sounding` be heard, then end it; any other ends where it is."""
        at = reply.ledger.samples
        if sounding and reply.played < at:
            reply.stop_at, reply.ending = at, State.FAILED
            self.context.emit(Cancel(reply.id, Why.FAILED))
            self.context.emit(Flush(reply.id, at, Why.FAILED))
            left = (at - reply.played) // 24 + self.context.policy.reply.flush_timeout_ms
            self.forget_timers(reply)
            self.context.set_timer("flush", reply.id, self.context.now + left)
        else:
            self._end(reply, State.FAILED, Why.FAILED)

    def _end(self, reply: Reply, state: State, why: Why) -> None:
        self.forget_timers(reply)
        reply.state = state
        reply.whys.append(why.name)
        self.context.history.revision += 1
        self.context.emit(Flush(reply.id, reply.played, why))
        self.context.emit(Cancel(reply.id, why))
        if reply.released and not reply.aside:
            self.settling.add(reply.id)
            due = self.context.now + self.context.policy.reply.flush_timeout_ms
            self.context.set_timer("flush", reply.id, due)
        else:
            self.settled(reply)

    def settled(self, reply: Reply) -> None:
        """Its last sample is known: close it, exactly once."""
        if reply.settled:
            return
        if not reply.over:
            reply.state = reply.ending
        reply.settled = True
        if self.context.duet is not None:
            ended(self.context.duet, reply)
        self.settling.discard(reply.id)
        self.forget_timers(reply)
        self.context.history.revision += 1
        text, exact = reply.heard_text()
        ending = ENDINGS[reply.state]
        why = Why.ENDED if reply.state is State.DONE else Why.INTERRUPTED
        said, samples = reply.text.strip(), reply.heard_samples
        self.context.tell(ReplyClosed(reply.id, ending, said, text, exact, samples, reply.failure), why)
        self.report(reply)

    def forget_timers(self, reply: Reply, keep: tuple[str, ...] = ()) -> None:
        for what in ("llm", "hedge", "tts", "dead_air", "release", "playout", "flush"):
            if what not in keep:
                self.context.clear_timer(what, reply.id)

    # tools

    def answered(self, tools: Tools) -> None:
        """A request goes out now: results that are in it need no answer of their own."""
        for reply in [r for r in self.awaiting.values() if all(row.settled for row in tools.of(r.id))]:
            self._give_up(reply)

    def ready(self, quiet: bool) -> list[Reply]:
        """Replies to go on from: their tools have all answered. Of a cut one only when nothing else goes on."""
        found: list[Reply] = []
        for reply in list(self.awaiting.values()):
            rows = self.context.tools.of(reply.id)
            if not all(r.settled for r in rows) or not (reply.text_done or reply.over):
                continue
            if not self.context.policy.reply.continue_after_tools and not all(r.spec.answered for r in rows):
                self._give_up(reply)
            elif reply.rounds + 1 >= self.context.policy.reply.max_tool_rounds:
                self.context.report(Role.TOOL, "rounds", "too many tool calls in a row", Why.LIMIT)
                self._give_up(reply)
            elif reply.state in (State.LIVE, State.DONE) or quiet:
                found.append(reply)
                return found
        return found

    def _give_up(self, reply: Reply) -> None:
        del self.awaiting[reply.id]
        self.report(reply)

    def tool_done(self, call: str, output: str, ok: bool) -> None:
        row = self.context.tools.settle(call, output, ToolState.DONE if ok else ToolState.FAILED)
        if row is None:
            return
        self.context.clear_timer(f"tool:{call}", row.reply)
        if row.live:
            self.context.history.revision += 1
            self.tool_settled(row)

    def close(self) -> None:
        """The call is over: no result will come any more. What runs may finish; nobody listens."""
        for row in self.context.tools.rows.values():
            if row.live and self.context.tools.settle(row.call, ENDED, ToolState.ABANDONED) is not None:
                self.tool_settled(row)
        for reply in list(self.awaiting.values()):
            self._give_up(reply)

    def tool_settled(self, row: Row) -> None:
        ok = row.state is ToolState.DONE
        self.context.tell(ToolSettled(row.call, row.name, row.output, ok), Why.TOOL_RESULT)

    def tool_timeout(self, call: str) -> None:
        self.context.report(Role.TOOL, "timeout", f"tool call {call!r} took too long", Why.TIMEOUT)
        self.context.emit(CancelTool(call, Why.TIMEOUT))
        self.tool_done(call, "the tool did not answer in time", ok=False)

    def abandon_tools(self, why: Why) -> None:
        """An interruption ends only the tools that asked for it."""
        for row in self.context.tools.rows.values():
            if row.state is ToolState.RUNNING and row.spec.on_interrupt == "abandon" and row.live:
                self.context.emit(CancelTool(row.call, why))
                self.context.tools.settle(row.call, "abandoned: the caller interrupted", ToolState.ABANDONED)
                self.context.clear_timer(f"tool:{row.call}", row.reply)
                self.tool_settled(row)

    # the report

    def report(self, reply: Reply) -> None:
        """Report the exchange that `reply` belongs to, tool rounds included, once all of it is closed."""
        leaf = reply
        while leaf.child is not None:
            leaf = leaf.child
        chain = [leaf]
        while chain[0].parent is not None:
            chain.insert(0, chain[0].parent)
        goes_on = leaf.id in self.awaiting and leaf.state is State.DONE
        if leaf.reported_on or goes_on or not all(r.settled for r in chain):
            return
        leaf.reported_on = True
        heard = [r.heard_text() for r in chain]
        bill = Bill()
        for one in chain:
            bill.include(self.context.meter.take(one.id))
        marks: Marks = chain[0].marks
        report = TurnReport(
            turn=leaf.turn,
            reply=leaf.id,
            origin=chain[0].origin,
            user_text=self.user_texts.pop(leaf.turn, ""),
            agent_text=" ".join(t for r in chain if (t := r.text.strip())),
            heard_text=" ".join(t for t, _ in heard if t),
            heard_exact=all(exact for _, exact in heard),
            interrupted=leaf.state is State.CUT,
            gap_ms=marks.gap_ms,
            overhead_ms=marks.overhead_ms(),
            hops=marks.hops(),
            usage=tuple(bill.amounts.items()),
            cost=bill.total,
            why=tuple(w for r in chain for w in r.whys),
        )
        self.context.tell(report, Why.ENDED)
