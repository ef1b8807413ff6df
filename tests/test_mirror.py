"""One source file, one test file of the same name in the same room; every exception is listed here with its reason."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SRC, TESTS = ROOT / "src" / "vivavoce", ROOT / "tests"

DATA = {
    "core/commands.py": "frozen nouns; every script in tests/core reads them",
    "core/events.py": "frozen nouns; every script in tests/core sends them",
    "core/notices.py": "frozen nouns; every script in tests/core reads them",
    "providers/base.py": "protocols",
    "providers/profile.py": "capability flags, as data",
    "transports/base.py": "protocols",
    "transports/webrtc/peer.py": "protocols, and what they speak of as data",
    "runtime/engines.py": "what a session is made of, as data",
    "runtime/observe.py": "a protocol",
    "sim/faults.py": "chances, drawn and used by every simulated call",
    "wire/openai_realtime/effects.py": "frozen nouns; every test of the protocol's server reads them",
}
"""Modules without logic of their own."""

ELSEWHERE = {
    "app/agent/builtins.py": "app/agent/test_simulate.py",
    "app/agent/call.py": "app/agent/test_simulate.py",
    "app/agent/hooks.py": "app/agent/test_simulate.py",
    "app/agent/mcp_process.py": "app/agent/test_mcp.py",
    "app/agent/served.py": "app/agent/test_simulate.py",
    "app/capture.py": "app/test_cli.py",
    "app/doctor/shown.py": "app/doctor/test_report.py",
    "app/duet/listener.py": "app/duet/test_command.py",
    "app/duet/persona.py": "app/duet/test_command.py",
    "app/duet/stage.py": "app/duet/test_command.py",
    "app/embedded.py": "app/test_calls.py",
    "app/explain.py": "app/test_cli.py",
    "app/instant.py": "app/test_capacity.py",
    "app/progress.py": "app/score/test_init.py",
    "app/realtime_call.py": "app/test_realtime.py",
    "app/recording.py": "app/test_calls.py",
    "app/replay.py": "app/test_cli.py",
    "app/score/folder.py": "app/score/test_init.py",
    "app/score/plots.py": "app/score/test_page.py",
    "app/score/table.py": "app/score/test_init.py",
    "app/settings.py": "app/test_cli.py",
    "app/show.py": "app/test_calls.py",
    "app/simulate.py": "app/test_cli.py",
    "app/talk.py": "app/test_calls.py",
    "app/tracks.py": "app/test_calls.py",
    "app/watch.py": "app/test_peer_calls.py",
    "app/words_in.py": "app/test_realtime.py",
    "providers/deepgram/connecting.py": "providers/deepgram/test_stt.py",
    "providers/elevenlabs/voices.py": "providers/elevenlabs/test_tts.py",
    "providers/hosted/link.py": "providers/hosted/test_listener.py",
    "providers/local/stt_worker.py": "providers/local/test_stt.py",
    "providers/local/tts_worker.py": "providers/local/test_tts.py",
    "providers/llm/build.py": "providers/llm/test_choose.py",
    "providers/llm/compatible.py": "providers/test_llm_contract.py",
    "providers/offline/calls.py": "providers/offline/test_stt.py",
    "providers/offline/decoders.py": "providers/offline/test_worker.py",
    "providers/offline/espeak.py": "providers/offline/test_tts.py",
    "providers/offline/extra.py": "providers/offline/test_worker.py",
    "providers/offline/process.py": "providers/offline/test_worker.py",
    "providers/offline/recogniser.py": "providers/offline/test_stt.py",
    "providers/offline/serving.py": "providers/offline/test_worker.py",
    "providers/offline/stt_worker.py": "providers/offline/test_lm.py",
    "providers/offline/tts_worker.py": "providers/offline/test_tts.py",
    "providers/offline/voices.py": "providers/offline/test_tts.py",
    "providers/scripted/lines.py": "providers/scripted/test_handlers.py",
    "sim/fakes.py": "sim/test_run.py",
    "sim/tally.py": "sim/test_cast.py",
    "sim/world.py": "sim/test_run.py",
    "transports/clients.py": "transports/test_realtime.py",
    "transports/webrtc/call.py": "app/test_peer_calls.py",
    "wire/openai_realtime/state.py": "wire/openai_realtime/test_server.py",
    "transports/webrtc/aiortc.py": "transports/webrtc/test_peers.py",
    "transports/webrtc/aiortc_ice.py": "transports/webrtc/test_peers.py",
    "transports/webrtc/channel.py": "transports/webrtc/test_peers.py",
    "transports/webrtc/libwebrtc.py": "transports/webrtc/test_peers.py",
    "transports/webrtc/line.py": "transports/webrtc/test_peers.py",
    "wire/rendering.py": "wire/test_capture.py",
}
"""Modules that another test file of their room covers: parts of one machine, commands of one program."""

WIDER = {"core/test_stateful.py": "searches the whole core"}
"""Tests in the pure rooms that are about more than one module."""


def modules():
    return sorted(
        str(path.relative_to(SRC)) for path in SRC.rglob("*.py") if path.name not in ("__init__.py", "__main__.py")
    )


def mirrored(module):
    return TESTS / Path(module).parent / f"test_{Path(module).name}"


@pytest.mark.parametrize("module", modules())
def test_every_module_has_its_tests(module):
    if module in DATA:
        return
    if module in ELSEWHERE:
        assert (TESTS / ELSEWHERE[module]).exists(), f"{module}: tests/{ELSEWHERE[module]} is gone"
        return
    path = mirrored(module).relative_to(ROOT)
    assert mirrored(module).exists(), f"write {path}, or say in tests/test_mirror.py why {module} needs none"


@pytest.mark.parametrize("module", sorted(DATA | ELSEWHERE))
def test_every_exception_is_still_one(module):
    assert (SRC / module).exists(), f"{module} is gone: remove it from tests/test_mirror.py"
    if module in DATA:
        assert not mirrored(module).exists(), f"{module} has tests of its own: remove it from tests/test_mirror.py"


@pytest.mark.parametrize("room", ["core", "audio", "wire"])
def test_no_test_outlives_its_module_in_the_pure_rooms(room):
    for path in (TESTS / room).rglob("test_*.py"):
        name = str(path.relative_to(TESTS))
        module = SRC / path.relative_to(TESTS).parent / path.name.removeprefix("test_")
        assert name in WIDER or module.exists(), f"{name} is about no module of src/vivavoce/{room}"
