"""The smallest agent with a tool: `vivavoce serve butler.py`, or `vivavoce talk butler.py`."""

from vivavoce import Agent

agent = Agent("You are a curt British butler.", voice="george", greeting="Good evening.")


@agent.tool(read_only=True)
async def get_weather(city: str) -> str:
    "Current weather in a city."
    return f"It is raining in {city}."
