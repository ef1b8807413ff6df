"""The history says what was heard, and every request made of it is one that a model takes."""

from hypothesis import given
from hypothesis import strategies as st
from laws import legal

from vivavoce.core.commands import Call, Message, Result
from vivavoce.core.events import ToolSpec
from vivavoce.core.history import RUNNING, Called, History, Spoken, Voice
from vivavoce.core.tools import State, Tools

VOICES = {1: Voice("It is noon.", False), 2: Voice("It is", True), 3: Voice("", True)}


def request(history, tools=None, *extra):
    return history.request(VOICES.__getitem__, tools or Tools(), *extra)


def with_calls(**states):
    tools = Tools({"look": ToolSpec("look")})
    for call, state in states.items():
        row = tools.add(1, call, "look", "{}")
        row.state, row.output = state, f"result of {call}"
    return tools


def test_the_agents_words_are_asked_for_anew_each_time():
    history, voices = History(), dict(VOICES)
    history.add(Spoken("a", 1))
    assert list(history.items(voices.__getitem__, Tools())) == [Message("a", "agent", "It is noon.")]
    voices[1] = Voice("It", True)
    assert list(history.items(voices.__getitem__, Tools())) == [Message("a", "agent", "It", interrupted=True)]


def test_a_reply_of_which_nothing_was_heard_leaves_no_trace():
    history = History()
    history.add(Spoken("a", 3))
    history.add(Message("b", "user", ""))
    assert request(history) == ()


def test_items_go_to_the_end_to_the_start_or_behind_another():
    history = History()
    assert history.add(Message("a", "user", "one"))
    assert history.add(Message("c", "user", "three"))
    assert history.add(Message("b", "user", "two"), after="a")
    assert history.add(Message("s", "system", "zero"), after="root")
    assert [i.id for i in request(history)] == ["s", "a", "b", "c"]
    assert not history.add(Message("x", "user", "lost"), after="nowhere")
    assert [i.id for i in request(history)] == ["s", "a", "b", "c"]


def test_removing_and_rewording():
    history = History()
    history.add(Message("a", "user", "one"))
    history.add(Spoken("b", 1))
    revision = history.revision
    assert not history.remove("nowhere")
    history.reword("nowhere", "x")
    history.reword("b", "x")
    history.reword("a", "one")
    assert history.revision == revision
    history.reword("a", "won")
    assert history.revision > revision
    assert request(history)[0].text == "won"
    assert history.remove("a")
    assert [i.id for i in request(history)] == ["b"]


def test_a_message_goes_on():
    history = History()
    history.add(Message("a", "user", "", images=("p",)))
    history.add(Message("b", "user", "two"))
    revision = history.revision
    for words in ("see", "this"):
        history.extend(Message("a", "user", words))
    history.extend(Message("nowhere", "user", "x"))
    assert history.revision == revision + 2
    assert [(i.text, i.images) for i in request(history)] == [("see this", ("p",)), ("two", ())]


def test_each_state_of_a_call_in_a_request():
    tools = with_calls(
        w=State.WAITING, r=State.RUNNING, d=State.DONE, f=State.FAILED, a=State.ABANDONED, x=State.DISCARDED
    )
    history = History()
    for call in "wrdfax":
        history.add(Called(f"i{call}", call))
    items = request(history, tools)
    assert [i.call for i in items] == ["r", "r", "d", "d", "f", "f", "a", "a"]
    assert [i.output for i in items if isinstance(i, Result)] == [RUNNING, "result of d", "result of f", "result of a"]
    legal(items)


def test_a_result_given_by_the_client_goes_right_behind_its_call():
    history = History()
    history.add(Call("i1", "c1", "look", "{}"))
    history.add(Message("m", "user", "and?"))
    history.add(Result("i2", "c1", "42"))
    assert [type(i).__name__ for i in request(history)] == ["Call", "Result", "Message"]


def test_two_calls_of_one_name_have_a_result_each():
    tools = with_calls(c1=State.DONE)
    history = History()
    history.add(Call("mine", "c1", "look", "{}"))
    history.add(Called("i1", "c1"))
    history.add(Call("theirs", "c1", "look", "{}"))
    history.add(Result("r", "c1", "from the client"))
    items = request(history, tools)
    legal(items)
    assert [i.output for i in items if isinstance(i, Result)] == [RUNNING, "result of c1", "from the client"]


def test_a_call_without_a_result_gets_one_and_a_result_without_a_call_is_left_out():
    history = History()
    history.add(Call("i1", "c1", "look", "{}"))
    history.add(Result("i2", "c2", "42"))
    items = request(history)
    assert items == (Call("i1", "c1", "look", "{}"), Result("i1_r", "c1", RUNNING))


def test_what_is_added_for_one_request_only_comes_last():
    history = History()
    history.add(Message("a", "user", "one"))
    assert [i.id for i in request(history, None, Message("t", "user", "two"))] == ["a", "t"]
    assert [i.id for i in request(history)] == ["a"]


calls = st.sampled_from(["c1", "c2", "c3"])
entries = st.one_of(
    st.builds(lambda t: ("message", t), st.sampled_from(["", "hello", "yes"])),
    st.builds(lambda r: ("spoken", r), st.sampled_from([1, 2, 3])),
    st.builds(lambda c: ("called", c), calls),
    st.builds(lambda c: ("call", c), st.sampled_from(["x1", "x2"])),
    st.builds(lambda c: ("result", c), st.sampled_from(["x1", "x2", "c1", "nobody"])),
)
states = st.sampled_from(list(State))


@given(st.lists(entries, max_size=12), st.tuples(states, states, states), st.data())
def test_every_request_is_legal(rows, of_calls, data):
    tools = with_calls(**dict(zip(("c1", "c2", "c3"), of_calls, strict=True)))
    history, once = History(), set()
    for n, (kind, what) in enumerate(rows):
        if kind == "called" and what in once:
            continue  # The core asks for a call once; clients may repeat theirs.
        once.add(what)
        entry = {
            "message": lambda i, w: Message(i, "user", w),
            "spoken": Spoken,
            "called": Called,
            "call": lambda i, w: Call(i, w, "look", "{}"),
            "result": lambda i, w: Result(i, w, "42"),
        }[kind](f"i{n}", what)
        after = data.draw(st.sampled_from([None, "root", f"i{max(0, n - 2)}"]))
        history.add(entry, after)
    if rows and data.draw(st.booleans()):
        history.remove(f"i{data.draw(st.integers(0, len(rows)))}")
    legal(request(history, tools, Message("extra", "user", "so?")))
