"""Two agents in one call: the desk hands the caller to billing, and billing hands them back."""

from vivavoce import Agent, Call

billing = Agent(
    "You know about bills, and about nothing else. For everything else hand the caller to the desk.",
    name="billing",
    voice="jack",
)
desk = Agent(
    "You are the desk of a telephone company. Find out what the caller wants. Bills are the business of billing.",
    name="desk",
    voice="emma",
    greeting="Hello, what can I do for you?",
    handoffs=[billing],
)
billing.hand_off_to(desk)


@billing.tool(read_only=True)
def get_bill(month: str, call: Call) -> str:
    "The bill of a month."
    return f"{call.state['customer']} owes 12 euros for {month}."


@desk.on("call_started")
def who_is_it(event, call: Call):
    call.state["customer"] = "Number 4711"
