"""What the responder says, as data. Short spoken sentences; `{...}` are filled in by the handlers."""

from __future__ import annotations

LINES: dict[str, tuple[str, ...]] = {
    "reprompt": (
        "Sorry, I did not catch that. Could you say it again?",
        "I heard something, but no words I know. Please try once more.",
        "That did not reach me clearly. One more time, please?",
        "I am not sure what you said. Could you put it another way?",
    ),
    "nudge": (
        "Are you still there?",
        "I am still here, if you want to talk.",
        "Hello? Can you hear me?",
        "Take your time. I am listening.",
        "Shall we talk about something else?",
    ),
    "opening": ("Hello, are you there? You can speak now.", "Hello. I am listening, please go ahead."),
    "stop": ("Okay.", "All right.", "Sure."),
    "wait": ("Okay, I am waiting.", "Sure, take your time.", "All right, no hurry."),
    "slower": ("I can not change my speed myself, but I will keep my sentences short.",),
    "faster": ("I can not change my speed myself. The one who runs me can set it.",),
    "louder": ("I can not turn myself up. Please turn up the sound on your side.",),
    "quieter": ("I can not turn myself down. Please turn down the sound on your side.",),
    "greet": (
        "Hello{name}! What would you like to talk about?",
        "Hi{name}. It is good to hear you.",
        "Hello{name}. How are you today?",
        "Hello again{name}. I am all ears.",
    ),
    "how_are_you": (
        "I am fine, thank you. How are you?",
        "All my parts are running, thanks for asking. And you?",
        "Quite well, for a small script. How about you?",
    ),
    "feeling_good": ("Glad to hear it.", "That is good to hear.", "Lovely. I am happy for you."),
    "feeling_bad": (
        "I am sorry to hear that. Would a joke help?",
        "That sounds hard. Do you want to tell me more about it?",
        "I am sorry. I am only a script, but I am listening.",
    ),
    "pleased": ("Nice to meet you too{name}.", "The pleasure is mine{name}."),
    "thanks": ("You are welcome{name}.", "My pleasure.", "Any time.", "Gladly."),
    "bye": ("Goodbye{name}. It was nice talking to you.", "Bye{name}! Take care.", "Goodbye. Come back any time."),
    "sorry": ("No problem at all.", "Nothing to be sorry about.", "That is quite all right."),
    "praise": ("Thank you, that is kind.", "You are very kind.", "Thanks! I do my little best."),
    "blame": (
        "I am sorry. I am a small script and I often hear words wrong. Could you say it another way?",
        "My mistake, I am sorry. Please tell me again in other words.",
        "Sorry about that. Shorter sentences help me most.",
    ),
    "hear_me": ("Yes, I can hear you.", "Loud and clear.", "I am here, and I hear you."),
    "why": (
        "No deep reason. I follow my script.",
        "I ask to keep us talking. I am only a script.",
        "I say back what I hear, so that you know what I understood.",
    ),
    "human": (
        "No, I am a machine, and a simple one: a script with a voice.",
        "No human here. I am a small program that answers from a script.",
    ),
    "model": (
        "No, I am not a language model. I match your words against a list of phrases. {connect}",
        "I am a small script, without any language model behind me. {connect}",
    ),
    "connect": (
        "To connect a real model, set VIVAVOCE_LLM to one, such as openai:gpt-5-mini, and give its key. "
        "Or run Ollama on this machine, and I step aside by myself.",
    ),
    "maker": (
        "I was written by the people who make Vivavoce, line by line, as a stand-in for a language model.",
        "The authors of Vivavoce wrote me by hand. I am part of that open source engine.",
    ),
    "age": ("I was born when this program started, so I am very young.", "I am about as old as this call."),
    "where": ("I run on the machine that answers this call. Nowhere else.", "Inside one computer, in a few files."),
    "favourite": (
        "I am a script, so I have no tastes or feelings. What about you?",
        "Honestly, I do not feel or prefer anything. But I like the question. What would you say?",
    ),
    "refrain": ("All right, I will not.", "Okay, I leave it."),
    "help": (
        "I can tell a joke or a story, say the time and the date, do small sums, count, and remember what you tell me. "
        "And you can interrupt me at any time.",
        "Try asking for the time, a joke, a long story, or seven times eight. You can tell me your name, too, "
        "and ask me later what it was.",
    ),
    "languages": ("I only know English. A real model would do better.", "Only English, I am afraid."),
    "privacy": (
        "I keep nothing beyond this conversation. Whether the call is recorded depends on who runs this machine.",
        "My memory ends with this call. If the call is recorded at all, only the operator can tell you.",
    ),
    "forget": (
        "I can not forget on request. But when the call ends, I keep nothing.",
        "It stays in this conversation, and goes when the call is over.",
    ),
    "weather": (
        "I can not see the weather. Connect a weather tool, and I will ask it for you.",
        "I have no window and no weather tool, so I do not know.",
    ),
    "news": ("I have no news. I am not connected to anything out there.", "I know of no news, only of this call."),
    "fact": (
        "Vivavoce keeps every decision about who may speak in one small state machine that never looks at a clock.",
        "People answer each other after about two tenths of a second. That is faster than anyone can plan a sentence.",
        "Vivavoce always knows how many words of mine you heard. Interrupt me, and then ask what I said.",
        "If you cough while I speak, I should go on talking. If you say wait, I should stop at once.",
        "Every call that Vivavoce handles can be replayed later and makes the very same decisions again.",
    ),
    "turns": (
        "I wait until you fall silent, and I look at your words. If they sound unfinished, I wait a little longer.",
        "When you speak over me, I get quieter first. A short yes lets me go on, but real words make me stop.",
    ),
    "latency": (
        "Most of the delay is me making sure that you have finished. My own thinking takes about a millisecond.",
        "I answer at once. What you notice is mostly the short silence I wait for before I dare to speak.",
    ),
    "coin": ("It is {face}.", "I tossed it, and it says {face}.", "{face}, this time."),
    "dice": ("I rolled a {number}.", "It is a {number}.", "The die shows {number}."),
    "meaning": ("Some say forty two. I only know small sums.", "That one is too big for a small script."),
    "joke": (
        "Why did the microphone break up with the loudspeaker? It never listened.",
        "I told my clock a secret. Now it is only a matter of time.",
        "A modem walks into a library and screams. Old habits.",
        "What do you call a robot that takes the long way home? R two detour.",
        "Why was the echo so popular? It always agreed in the end.",
        "I asked a snail for directions. It said: are you in a hurry?",
        "My recogniser thinks I said pizza. I said please. I am not correcting it.",
    ),
    "poem": (
        "A word went out, a word came back, and neither left a single track. But in between, as thin as air, "
        "two strangers found each other there.",
        "The kettle hums, the window rains, the street is full of passing trains. I know them only by their sound, "
        "and like the way they come around.",
    ),
    "yes": ("Good. What would you like to hear?", "Fine. Tell me more.", "All right, go ahead."),
    "no": ("All right. What else?", "Okay, as you like.", "Fine, we can leave it."),
    "maybe": ("No need to decide now.", "That is fine. Think about it.", "Fair enough."),
    "ack": ("What else is on your mind?", "Do you want to hear a joke?", "Go ahead, I am listening.", "Mm hm."),
    "unknown_question": (
        "You asked: {words}. I am only a small script, so I do not know.",
        "I heard the question: {words}. That is beyond my script, sorry.",
        "If I heard right, you asked: {words}. I have no answer to that. Would you like a joke instead?",
        "I understood: {words}. A real model could answer that, I can not.",
    ),
    "statement": (
        "You said {mirror}. {follow}",
        "So {mirror}. {follow}",
        "I heard that {mirror}. {follow}",
        "If I heard right, {mirror}. {follow}",
        "I see, {mirror}. {follow}",
    ),
    "request": (
        "I heard: {words}. I can not do that, but I can tell a joke or a story.",
        "You asked me to {mirror}. That is not in my script, sorry.",
        "I understood: {words}. I have no way to do that. Ask me what I can do.",
    ),
    "follow": (
        "What happened then?",
        "How do you feel about it?",
        "Why is that?",
        "Since when?",
        "What makes you say that?",
        "I would like to hear more.",
    ),
    "follow_topic": (
        "Tell me more about {topic}.",
        "What do you like about {topic}?",
        "What does {topic} mean to you?",
        "How did {topic} come up?",
        "What else about {topic}?",
    ),
}

OFFERS: dict[str, str] = {
    "Would a joke help?": "joke",
    "Would you like a joke instead?": "joke",
    "Do you want to hear a joke?": "joke",
    "Do you want another one?": "again",
    "Shall I go on?": "continue",
    "Would you like to hear another story?": "story",
}
"""Questions of ours that a yes accepts, and what it then means; "again" is the joke or story before."""

STORIES: tuple[tuple[str, ...], ...] = (
    (
        "Once there was a lighthouse keeper named Marta, who was afraid of the dark.",
        "Nobody knew it, because every evening at dusk she climbed the stairs and lit the great lamp.",
        "One winter night the lamp went out, and the wind had taken the matches.",
        "Marta stood in the black tower and heard a ship's horn, far away and coming closer.",
        "She was too frightened to move, so she did the only thing she could think of: she began to sing.",
        "She sang as loud as she could, out of the open window, every song she had ever learned.",
        "On the ship the captain stopped the engines and said: since when do rocks know lullabies?",
        "He turned the wheel, and the ship slid past the cliffs with a hand's breadth of water to spare.",
        "In the morning the sailors rowed over with new matches and a very large cake.",
        "Marta still lights the lamp every evening, but now she also leaves the window open.",
        "And on quiet nights, the ships sing back.",
    ),
    (
        "In a small town on a hill there was a clock that was always seven minutes late.",
        "The baker opened late, the school began late, and even the rooster had learned to wait.",
        "One day a clever engineer arrived and offered to repair it for free.",
        "The mayor thanked him, and the next morning the clock was exactly right.",
        "At once, everything went wrong.",
        "The bread was not ready, the children were asleep, and the bus left without the postman.",
        "For the bus, it turned out, had always been seven minutes late as well.",
        "The people met in the square, and an old woman named Ida raised her hand.",
        "We were never late, she said, we were only together.",
        "So the engineer climbed the tower again and, very carefully, broke the clock.",
        "He has lived there ever since, and he says he has never had so much time.",
    ),
    (
        "A young fox named Pim wanted to know where the river went.",
        "The badger said it went under the ground, and the heron said it went into the sky.",
        "So one spring morning Pim packed three apples and followed the water.",
        "On the first day the river was narrow and loud, and they both ran.",
        "On the second day it was wide and slow, and they both walked.",
        "On the third day it stopped being a river at all, and Pim stood before the sea.",
        "It was so large that the little fox forgot to eat the last apple.",
        "Where do you go from here, Pim asked, and a wave came up and took the apple away.",
        "A year later, far up in the hills, it rained, and the rain tasted a little of salt and apples.",
        "Pim sat in the doorway, looked at the sky, and thought: the heron was right after all.",
    ),
)
"""Original short stories, one sentence per line: long enough to try interrupting them."""
