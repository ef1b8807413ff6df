"""OpenAI's Realtime protocol (GA) as its server speaks it: text in, text and core events out, and nothing else."""
