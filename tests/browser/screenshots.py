"""Pictures of the page in its states, to look at: `python tests/browser/screenshots.py FOLDER [LOOK ...]`."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

LOOKS = {
    "light": {"color_scheme": "light", "viewport": {"width": 1280, "height": 800}},
    "dark": {"color_scheme": "dark", "viewport": {"width": 1280, "height": 800}},
    "phone": {"color_scheme": "light", "viewport": {"width": 360, "height": 740}, "device_scale_factor": 2},
    "phone-dark": {"color_scheme": "dark", "viewport": {"width": 360, "height": 740}, "device_scale_factor": 2},
}
PLUGS = Path(__file__).with_name("plugs.js")
DUETS = Path(__file__).with_name("duet_messages.js")
PROBLEMS = {
    "mic": "navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('No.', 'NotAllowedError'))",
    "key": "fake.refuse = {status: 401, error: {message: 'No API key was given.'}}",
    "busy": "fake.refuse = {status: 503, error: {message: 'Too many connections.'}, headers: {'Retry-After': '5'}}",
    "gone": "fake.gone = true",
    "plain": "fake.own = false",
}
PULL = """(list) => {
  const chosen = [...list.options].at(-1);
  list.value = chosen.value;
  list.dispatchEvent(new Event("change"));
  setTimeout(() => plugs.pull(chosen.label), 500);
}"""


def tab(page, name):
    page.locator(f"#tab-{name}").click()
    page.wait_for_timeout(250)


def reached(page, milestone):
    # Not wait_for_function: the page's content security policy forbids what it does.
    while page.evaluate("fake.milestone") != milestone:
        page.wait_for_timeout(50)


def take(browser, url, fake, folder, look, options):
    """Every state of one look."""

    def opened(before=""):
        context = browser.new_context(**options)
        context.grant_permissions(["microphone"])
        page = context.new_page()
        page.on("console", lambda said: print(look, said.type, said.text))
        page.on("pageerror", lambda error: print(look, "CRASH", error))
        page.add_init_script(fake)
        page.add_init_script(PLUGS.read_text())
        if before:
            page.add_init_script(before)
        page.goto(url)
        return page

    def shot(page, name):
        page.screenshot(path=folder / f"{look}-{name}.png")

    page = opened()
    page.wait_for_timeout(300)
    shot(page, "0-idle")
    tab(page, "agent")
    shot(page, "1-agent-idle")
    tab(page, "talk" if "phone" in look else "latency")
    page.get_by_role("button", name="Start talking").click()
    reached(page, "resumed")
    page.wait_for_timeout(500)
    shot(page, "2-duck")
    reached(page, "cut")
    shot(page, "3-cut")
    reached(page, "midway")
    shot(page, "4-midway")
    reached(page, "done")
    page.wait_for_timeout(300)
    shot(page, "5-done")
    for name in ("latency", "agent", "events", "record"):
        tab(page, name)
        shot(page, f"6-{name}")
    tab(page, "agent")
    page.locator("#speed").fill("1.5")
    page.locator("#voice").select_option("amy")
    page.wait_for_timeout(400)
    shot(page, "7-agent-refused")
    tab(page, "events")
    page.locator(".event .line").last.click()
    page.wait_for_timeout(200)
    shot(page, "7-event")
    tab(page, "talk" if "phone" in look else "latency")
    page.get_by_text("Push to talk").click()
    page.wait_for_timeout(300)
    page.locator("button.hold").hover()
    page.mouse.down()
    page.wait_for_timeout(400)
    shot(page, "8-push")
    page.mouse.up()
    page.get_by_text("Hands-free").click()
    page.locator(".devices summary").click()
    page.wait_for_timeout(200)
    shot(page, "8-devices")
    page.locator(".devices summary").click()
    page.get_by_label("Microphone").evaluate(PULL)
    page.locator(".hint").first.wait_for()
    shot(page, "8-unplugged")
    page.get_by_role("button", name="Hang up").click()
    tab(page, "record")
    shot(page, "9-kept")
    page.get_by_role("button", name="Look at it").click()
    page.wait_for_timeout(500)
    page.get_by_label("Moment of the recording").fill("9000")
    page.wait_for_timeout(300)
    shot(page, "9-playback")
    tab(page, "talk" if "phone" in look else "latency")
    shot(page, "9-playback-talk")
    page.context.close()
    page = opened(DUETS.read_text())
    page.evaluate("fake.script = false")
    if "phone" in look:
        tab(page, "duet")
    else:
        page.get_by_role("button", name="Duet", exact=True).click()
    page.get_by_label("Answers", exact=True).select_option(label="Somebody else")
    shot(page, "d-before")
    page.get_by_role("button", name="Start the two").click()
    page.get_by_role("button", name="Cancel").wait_for()
    page.evaluate("duets.play()")
    page.wait_for_timeout(500)
    shot(page, "d-during")
    if "phone" in look:
        page.get_by_text("Costs and changes").click()
    page.get_by_text("Give the seat of Olive to another").click()
    shot(page, "d-desk")
    page.get_by_role("button", name="Stop", exact=True).click()
    shot(page, "d-over")
    page.context.close()
    for name, before in PROBLEMS.items():
        page = opened(before)
        page.get_by_role("button", name="Start talking").click()
        if name == "plain":
            reached(page, "midway")
        page.wait_for_timeout(600)
        shot(page, f"x-{name}")
        page.context.close()


def main():
    from playwright.sync_api import sync_playwright
    from tests.browser.conftest import ARGUMENTS, CHROMIUM, FAKE, served

    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    looks = {name: LOOKS[name] for name in sys.argv[2:]} or LOOKS
    serving = served()
    address = next(serving)
    with sync_playwright() as playwright:
        three = "--use-fake-device-for-media-stream=device-count=3"
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*ARGUMENTS, three])
        for look, options in looks.items():
            take(browser, address, FAKE.read_text(), folder, look, options)
        browser.close()
    next(serving, None)


if __name__ == "__main__":
    main()
