"""A client that does anything, legal or not, as its seed says; what it did and got is in the pair's transcript."""

from __future__ import annotations

import base64
import random
from collections.abc import Callable
from typing import Any

from .pair import Pair
from .world import Answer, Broken, Called, Faults, Short, Step

Wire = dict[str, Any]
WORDS = ("what time is it", "yeah", "stop", "tell me a long story please", "", "and then", "uh huh", "book it for noon")
TEXTS = ("It is noon. ", "And now", " it rains. Yes, it does.", "Dr. ", "...", " ", "好的。", "x" * 60)
TOOLS = [{"type": "function", "name": "look"}, {"type": "function", "name": "book", "description": "books"}]
MCP = {"type": "mcp", "server_label": "shop", "server_url": "https://shop.test/mcp"}
BAD_FRAMES = (
    "",
    "{",
    "[]",
    "null",
    '{"type":"nonsense"}',
    '{"type":"response.create","response":7}',
    '{"type":7}',
    b"\x00",
)


class Anybody:
    """One session from a seed. `bold`: does in a row what others do seldom. `plays`: over WebRTC."""

    def __init__(self, seed: int, bold: bool = False, plays: bool = False) -> None:
        self.dice = random.Random(seed)
        dice = self.dice
        self.bad = dice.choice([0.0, 0.0, 0.02, 0.15])
        faults = Faults(
            self._answer,
            voice_fails=lambda: dice.random() < self.bad,
            words_fail=lambda: dice.random() < self.bad,
            tool_fails=lambda: dice.random() < 0.3,
            step_ms=lambda: dice.choice([1, 20, 20, 20, 90, 400]),
        )
        by_hand = self.by_hand = dice.random() < 0.3
        kind = "transcription" if dice.random() < 0.05 else "realtime"
        none = {"audio": {"input": {"turn_detection": None}}}
        self.pair = Pair(none if by_hand else None, faults, kind, plays)
        self.pair.mcp = {"shop": [{"name": "buy", "description": "", "input_schema": {}}, {"name": "look"}]}
        self.moves: list[tuple[int, Callable[[], object]]] = [
            (9, self._time),
            (5, self._speech),
            (2, lambda: self.pair.append(dice.choice([100, 300]))),
            (2, self._commit if by_hand else self._speech),
            (1, lambda: self.pair.send({"type": "input_audio_buffer.clear"})),
            (4, self._item),
            (2, lambda: self.pair.send({"type": "conversation.item.retrieve", "item_id": self._any_item()})),
            (2, lambda: self.pair.send({"type": "conversation.item.delete", "item_id": self._any_item()})),
            (4, self._truncate),
            (6, self._respond),
            (3, self._cancel),
            (3, self._update),
            (1, lambda: self.pair.send({"type": "output_audio_buffer.clear"})),
            (1, self._nonsense),
        ]
        if bold:
            self.moves += [
                (4, self._decide),
                (3, self._commits),
                (4, self._same_item),
                (3, self._shop),
                (4, self._asides),
            ]
        if plays:
            self.moves += [
                (2, lambda: self.pair.send({"type": "output_audio_buffer.clear"})),
                (2, self._own_tools),
                (2, self._mixed),
            ]

    def play(self, moves: int) -> None:
        weights, acts = zip(*self.moves, strict=True)
        for act in self.dice.choices(acts, weights, k=moves):
            act()

    # the engines

    def _answer(self, _ask: object) -> Answer:
        dice = self.dice
        steps: list[Step] = [dice.choice(TEXTS) for _ in range(dice.randrange(0, 5))]
        for _ in range(dice.choice([0, 0, 0, 1, 2])):
            name, arguments = (
                dice.choice(["look", "book", "buy", "mystery"]),
                dice.choice(["{}", '{"n":1}', "{broken", ""]),
            )
            steps.insert(dice.randrange(len(steps) + 1), Called(name, arguments))
        if dice.random() < self.bad:
            steps.insert(dice.randrange(len(steps) + 1), Broken())
        if dice.random() < 0.05:
            steps.append(Short(dice.choice(["length", "filter"])))
        return tuple(steps)

    # the client

    def _time(self) -> None:
        self.pair.until(self.pair.now + self.dice.choice([1, 20, 100, 300, 1_000, 3_000, 12_000]))

    def _speech(self) -> None:
        dice = self.dice
        self.pair.to_say.append(dice.choice(WORDS))
        self.pair.append(dice.choice([100, 400, 900]), 8_000)
        self.pair.append(dice.choice([0, 100, 700, 1_200]))

    def _commit(self) -> None:
        if self.dice.random() < 0.5:
            self._speech()
        self.pair.send({"type": "input_audio_buffer.commit"})

    def _known(self) -> list[str]:
        return [*self.pair.order.conversation.items]

    def _any_item(self) -> str:
        known = self._known()
        return (
            self.dice.choice([*known[-6:], self.dice.choice(known)]) if known and self.dice.random() < 0.9 else "nobody"
        )

    def _item(self) -> None:
        dice = self.dice
        item: Wire = dice.choice(
            [
                {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "so"}]},
                {"type": "message", "role": "user", "content": [{"type": "input_audio", "audio": _sound()}]},
                {"type": "message", "role": "system", "content": [{"type": "input_text", "text": "Be brief."}]},
                {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Indeed."}]},
                {"type": "message", "role": "assistant", "content": [{"type": "output_audio", "transcript": "Oh."}]},
                {"type": "message", "role": "user", "content": [{"type": "output_text", "text": "wrong"}]},
                {"type": "function_call", "name": "look", "arguments": "{}", "call_id": f"call_x{dice.randrange(9)}"},
                {"type": "function_call_output", "call_id": self._any_call(), "output": "42"},
                {
                    "type": "mcp_approval_response",
                    "approval_request_id": self._any_request(),
                    "approve": dice.random() < 0.5,
                },
                {"type": "reference"},
            ]
        )
        if dice.random() < 0.5:
            item = {**item, "id": f"mine_{dice.randrange(40)}"}
        event = {"type": "conversation.item.create", "item": item}
        if dice.random() < 0.4:
            event["previous_item_id"] = dice.choice(["root", self._any_item(), self._any_item()])
        self.pair.send(event)

    def _any_call(self) -> str:
        calls = [
            e["item"]["call_id"] for e in self.pair.of("conversation.item.done") if e["item"]["type"] == "function_call"
        ]
        return self.dice.choice(calls[-3:]) if calls and self.dice.random() < 0.9 else "call_nobody"

    def _any_request(self) -> str:
        items = [e["item"] for e in self.pair.of("conversation.item.done")]
        found = [item["id"] for item in items if item["type"] == "mcp_approval_request"]
        return self.dice.choice(found) if found and self.dice.random() < 0.9 else "mcpr_nobody"

    def _truncate(self) -> None:
        dice = self.dice
        said = [d["item_id"] for d in self.pair.of("response.output_audio.delta")][-40:]
        item = dice.choice(said) if said and dice.random() < 0.85 else self._any_item()
        ms = dice.choice([0, 1, 100, 400, 700, 1_500, 10**7, -1])
        event = {"type": "conversation.item.truncate", "item_id": item, "content_index": 0, "audio_end_ms": ms}
        self.pair.send(event)

    def _respond(self) -> None:
        dice = self.dice
        body: Wire = {}
        if dice.random() < 0.3:
            body["conversation"] = dice.choice(["none", "none", "auto", "else"])
        if dice.random() < 0.2:
            body["output_modalities"] = dice.choice([["text"], ["audio"], ["text", "audio"]])
        if dice.random() < 0.1:
            body["input"] = [{"type": "item_reference", "id": self._any_item()}]
        if dice.random() < 0.1:
            body["tools"] = dice.choice([[], TOOLS[:1], [{"type": "function"}]])
        if dice.random() < 0.3:
            body["metadata"] = {"n": str(dice.randrange(100))}
        self.pair.send({"type": "response.create", "response": body} if body else {"type": "response.create"})

    def _cancel(self) -> None:
        event: Wire = {"type": "response.cancel"}
        running = [r.id for r in self.pair.order.replies.all.values() if not r.done]
        if self.dice.random() < 0.4:
            event["response_id"] = self.dice.choice([*running, "resp_nobody"])
        self.pair.send(event)

    def _update(self) -> None:
        dice = self.dice
        session: Wire = dice.choice(
            [
                {"instructions": "Be short."},
                {"output_modalities": dice.choice([["text"], ["audio"]])},
                {"tools": dice.choice([[], TOOLS, [*TOOLS, MCP], [{**MCP, "require_approval": "never"}]])},
                {"tools": [{**MCP, "server_label": "gone"}]},
                {"tool_choice": dice.choice(["auto", "none", "perhaps"])},
                {"audio": {"output": {"voice": dice.choice(["alloy", "marin"]), "speed": dice.choice([1.0, 1.2, 9])}}},
                {
                    "audio": {
                        dice.choice(["input", "output"]): {"format": {"type": dice.choice(["audio/pcm", "audio/pcmu"])}}
                    }
                },
                {"audio": {"input": {"turn_detection": self._detection()}}},
                {"audio": {"input": {"turn_detection": self._detection()}}},
                {"audio": {"input": {"turn_detection": self._detection()}}},
                {"audio": {"input": {"transcription": dice.choice([None, {"model": "whisper-1"}])}}},
                {"colour": "red"},
            ]
        )
        self.pair.send({"type": "session.update", "session": {"type": self.pair.server.session.type, **session}})

    def _detection(self) -> Wire | None:
        dice = self.dice
        vad = {"type": "server_vad", "silence_duration_ms": dice.choice([200, 500])}
        if self.by_hand:
            return None
        more: Wire = {"create_response": False}, {"interrupt_response": False}, {"idle_timeout_ms": 5_000}, {}
        return dice.choice([{"type": "semantic_vad"}, *({**vad, **m} for m in more)])

    def _decide(self) -> None:
        item = {"type": "mcp_approval_response", "approval_request_id": self._any_request()}
        item["approve"] = self.dice.random() < 0.6
        self.pair.send({"type": "conversation.item.create", "item": item})

    def _commits(self) -> None:
        for _ in range(self.dice.choice([1, 2, 3])):
            self._speech()
            self.pair.send({"type": "input_audio_buffer.commit"})
            if self.dice.random() < 0.3:
                self.pair.send({"type": "input_audio_buffer.clear"})
        if self.dice.random() < 0.5:
            self._respond()

    def _same_item(self) -> None:
        """Several things about one item at once."""
        dice = self.dice
        said = [d["item_id"] for d in self.pair.of("response.output_audio.delta")][-20:]
        item = dice.choice(said) if said else self._any_item()
        for _ in range(dice.choice([2, 3, 4])):
            what = dice.choice(["truncate", "truncate", "retrieve", "delete", "cancel", "sound"])
            if what == "cancel":
                self._cancel()
            elif what == "sound":
                content = [{"type": "input_audio", "audio": _sound()}]
                event = {"type": "message", "role": "user", "content": content}
                self.pair.send({"type": "conversation.item.create", "item": event})
            else:
                more = {"content_index": 0, "audio_end_ms": dice.choice([0, 50, 300])} if what == "truncate" else {}
                self.pair.send({"type": f"conversation.item.{what}", "item_id": item, **more})

    def _shop(self) -> None:
        tools = self.dice.choice([[MCP], [*TOOLS, MCP], [{**MCP, "require_approval": "never"}], TOOLS])
        self.pair.send({"type": "session.update", "session": {"type": self.pair.server.session.type, "tools": tools}})

    def _asides(self) -> None:
        """Answers beside the conversation, some to words of their own."""
        for _ in range(self.dice.choice([1, 2, 5])):
            body: Wire = {"conversation": "none", "output_modalities": self.dice.choice([["text"], ["audio"]])}
            if self.dice.random() < 0.5:
                message = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "aside"}]}
                body["input"] = self.dice.choice([[], [message], [message, message]])
            self.pair.send({"type": "response.create", "response": body})

    def _own_tools(self) -> None:
        own = self.dice.choice([[], TOOLS[1:], [{"type": "mcp", "server_label": "shop"}], [*TOOLS, MCP]])
        self.pair.send({"type": "response.create", "response": {"tools": own}})

    def _mixed(self) -> None:
        text, sound = {"type": "input_text", "text": "this"}, {"type": "input_audio", "audio": _sound()}
        content = self.dice.choice([[text, sound], [sound, sound], [sound, text, sound, {**sound, "transcript": "x"}]])
        item = {"type": "message", "role": "user", "content": content}
        self.pair.send({"type": "conversation.item.create", "item": item})

    def _nonsense(self) -> None:
        self.pair.send_raw(self.dice.choice(BAD_FRAMES))


def _sound() -> str:
    return base64.b64encode(bytes(4_800)).decode()
