from vivavoce.core.commands import Report, Role, Tell, Why
from vivavoce.core.context import Context
from vivavoce.core.events import ToolSpec
from vivavoce.core.notices import Floor, FloorChanged
from vivavoce.core.policy import BROWSER


def test_ids_count_up_by_kind():
    context = Context(BROWSER)
    assert [context.next_id("turn"), context.next_id("turn"), context.next_id("reply")] == [1, 2, 1]
    assert [context.item_id(), context.item_id()] == ["item_1", "item_2"]


def test_commands_are_collected_in_order():
    context = Context(BROWSER)
    context.tell(FloorChanged(Floor.USER), Why.SPEECH)
    context.report(Role.LLM, "died", "gone", Why.FAILED)
    assert context.commands == [
        Tell(FloorChanged(Floor.USER), Why.SPEECH),
        Report(Role.LLM, "died", "gone", Why.FAILED),
    ]


def test_a_timer_is_one_per_purpose_and_owner():
    context = Context(BROWSER)
    context.set_timer("llm", 1, 100)
    context.set_timer("llm", 2, 200)
    context.set_timer("llm", 1, 300)
    assert context.timers == {("llm", 1): 300, ("llm", 2): 200}
    context.clear_timer("llm", 1)
    context.clear_timer("llm", 1)
    assert context.timers == {("llm", 2): 200}


def test_tools_are_declared_by_name():
    context = Context(BROWSER)
    context.declare((ToolSpec("look"), ToolSpec("pay")))
    assert set(context.tools.specs) == {"look", "pay"}


def test_two_conversations_share_nothing():
    one, two = Context(BROWSER), Context(BROWSER)
    one.set_timer("llm", 1, 100)
    one.next_id("turn")
    one.history.entries.append(None)
    assert (two.timers, two.next_id("turn"), two.history.entries) == ({}, 1, [])
