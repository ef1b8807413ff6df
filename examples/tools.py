"""Tools: what the model is told of them, what is said while they run, and what an interruption does to them."""

import asyncio
from typing import Literal

from vivavoce import Agent, Call

agent = Agent(
    "You take bookings for the restaurant Luna. Ask for the day and the number of guests, then book.",
    name="luna",
    greeting="Luna, good evening.",
    builtin=["hang_up"],
)
Day = Literal["friday", "saturday"]
free = {"friday": 2, "saturday": 0}


# It changes nothing, so it may run while it is not certain yet that the caller has finished.
@agent.tool(read_only=True)
def free_tables(day: Day) -> int:
    "How many tables are free on a day."
    return free[day]


# A booking is not to be talked into halfway; the filler is said when it takes longer than a moment.
@agent.tool(filler="One moment please, I am writing that down.", timeout=10, on_interrupt="block")
async def book_table(day: Day, guests: int, call: Call) -> dict[str, object]:
    """Book a table.

    Args:
        day: the evening.
        guests: how many people come, the caller included.
    """
    if guests > 8:
        raise ValueError("no table has more than 8 seats")  # this is what the model is told
    await asyncio.sleep(1)
    free[day] -= 1
    call.state["booked"] = day
    return {"day": day, "guests": guests, "number": 17}


# Nobody needs it any more when the caller goes on talking.
@agent.tool(on_interrupt="abandon")
def read_menu() -> str:
    "Everything that can be eaten here."
    return "Soup, pasta, fish and ice cream."


@agent.on("call_ended")
def note(event, call: Call):
    print(f"{event.reason} after {event.duration_ms / 1000:.1f} s, booked: {call.state.get('booked', 'nothing')}")


if __name__ == "__main__":
    agent.run()  # as `vivavoce serve tools.py`; takes the same options, as strings
