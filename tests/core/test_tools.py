from vivavoce.core.events import ToolSpec
from vivavoce.core.tools import State, Tools

SPECS = {"look": ToolSpec("look", read_only=True), "pay": ToolSpec("pay", on_interrupt="block")}


def test_a_call_is_known_once():
    tools = Tools(SPECS)
    row = tools.add(1, "c1", "look", "{}")
    assert row.spec.read_only
    assert tools.add(2, "c1", "pay", "{}") is None
    assert tools.rows == {"c1": row}


def test_an_undeclared_tool_is_taken_for_one_that_writes():
    spec = Tools(SPECS).add(1, "c1", "mystery", "{}").spec
    assert not spec.read_only
    assert spec.on_interrupt == "finish"


def test_a_result_is_recorded_once():
    tools = Tools(SPECS)
    tools.add(1, "c1", "look", "{}")
    assert tools.settle("nobody", "42", State.DONE) is None
    row = tools.settle("c1", "42", State.DONE)
    assert (row.state, row.output) == (State.DONE, "42")
    assert tools.settle("c1", "43", State.FAILED) is None
    assert row.output == "42"


def test_rows_of_a_reply_in_the_order_of_their_calls():
    tools = Tools(SPECS)
    for call, reply in (("c1", 1), ("c2", 2), ("c3", 1)):
        tools.add(reply, call, "look", "{}")
    assert [r.call for r in tools.of(1)] == ["c1", "c3"]
    assert tools.of(9) == []


def test_what_forbids_interruption_does_so_only_while_it_runs():
    tools = Tools(SPECS)
    row = tools.add(1, "c1", "pay", "{}")
    for state in State:
        row.state = state
        assert tools.blocking() is (state is State.RUNNING)
    tools.add(1, "c2", "look", "{}").state = State.RUNNING
    row.state = State.DONE
    assert not tools.blocking()


def test_settled_states():
    row = Tools(SPECS).add(1, "c1", "look", "{}")
    for state in State:
        row.state = state
        assert row.settled is (state not in (State.WAITING, State.RUNNING))
