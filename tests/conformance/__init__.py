"""A black-box conformance suite for servers of the OpenAI Realtime protocol (GA) over WebSocket."""
