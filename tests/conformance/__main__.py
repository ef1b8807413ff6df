"""``python -m tests.conformance --url http://127.0.0.1:8080/v1``"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from pathlib import Path

from . import report
from .lab import Target
from .runner import Result, chosen, run

RECORDING = Path("src", "vivavoce", "app", "recordings", "tt-somethingwrong.wav")


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    defaults = Target("")
    parser = argparse.ArgumentParser("conformance", description="Check a server of the OpenAI Realtime protocol (GA).")
    parser.add_argument("--url", help="base url: ws, wss, http or https, as clients are given it")
    parser.add_argument("--api-key", default="", metavar="K", help="sent as a bearer token")
    parser.add_argument("--model", default=defaults.model, help="model of the address (default: %(default)s)")
    parser.add_argument("--only", action="append", default=[], metavar="GLOB", help="cases or groups; may be repeated")
    parser.add_argument("--speech", type=Path, metavar="WAV", help="a short spoken sentence, PCM16")
    parser.add_argument("--prompt", default=defaults.prompt, help="makes the model say a few sentences")
    parser.add_argument("--long-prompt", default=defaults.long_prompt, help="makes the model speak for long")
    parser.add_argument("--tool-prompt", default=defaults.tool_prompt, help="makes the model call get_weather(city)")
    parser.add_argument("--tools-prompt", default=defaults.tools_prompt, help="makes the model call it twice at once")
    parser.add_argument(
        "--timeout", type=float, default=10.0, metavar="S", help="seconds a step may take (default: 10)"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all results here")
    parser.add_argument("--quiet", action="store_true", help="leave out the exchanges of failed cases")
    parser.add_argument("--list", action="store_true", help="only list the cases")
    options = parser.parse_args(argv)
    if not options.list and not options.url:
        parser.error("--url is needed")
    return options


def speech(given: Path | None) -> Path | None:
    own = Path(__file__).parents[2] / RECORDING
    return given or (own if own.exists() else None)


def main(argv: list[str] | None = None) -> int:
    """Run the suite; 0 if nothing failed, 1 if something did, 2 if nothing ran."""
    options = _arguments(argv)
    found = chosen(options.only)
    if options.list:
        for case in found:
            print(f"{case.name:<{report.WIDE}} {case.section:<6} {case.summary}")
        return 0
    target = Target(options.url, options.api_key, options.model, options.timeout, speech(options.speech))
    target.prompt, target.long_prompt = options.prompt, options.long_prompt
    target.tool_prompt, target.tools_prompt = options.tool_prompt, options.tools_prompt
    print(report.head(), flush=True)
    results = asyncio.run(run(found, target, lambda result: print(report.line(result), flush=True)))
    blocks = [report.coverage(results), report.breaches(results), report.verdict(results)]
    if not options.quiet and (exchanges := report.failures(results)):
        blocks.insert(0, exchanges)
    print("\n" + "\n\n".join(blocks))
    if options.json:
        options.json.write_text(json.dumps([result.plain() for result in results], indent=1), encoding="utf-8")
    return _code(results)


def _code(results: list[Result]) -> int:
    outcomes = {result.outcome for result in results}
    return 1 if "FAIL" in outcomes else 0 if "PASS" in outcomes else 2


if __name__ == "__main__":
    sys.exit(main())
