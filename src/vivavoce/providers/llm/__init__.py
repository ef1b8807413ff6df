"""Language models through pydantic-ai: any vendor it knows, and any OpenAI-compatible server.

Importing this package imports neither pydantic-ai nor a vendor's SDK; building a `PydanticLlm` does.
"""

from .choose import choose_llm
from .local import LocalServer, find_local_server
from .model import PydanticLlm

__all__ = ["LocalServer", "PydanticLlm", "choose_llm", "find_local_server"]
