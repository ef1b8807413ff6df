// Function tools that the page itself offers, so that tool calls can be tried without writing any.

const TOOLS = {
  local_time: {
    description: "Tells the date and the time of day where the caller is.",
    parameters: { type: "object", properties: {} },
    run: () => ({ now: new Date().toString() }),
  },
  about_browser: {
    description: "Tells which language, time zone and screen size the caller's browser has.",
    parameters: { type: "object", properties: {} },
    run: () => ({
      language: navigator.language,
      time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
      screen: `${screen.width} by ${screen.height}`,
    }),
  },
};

export function demoTools() {
  return Object.entries(TOOLS).map(([name, { description, parameters }]) => ({ type: "function", name, description, parameters }));
}

/** Answers the calls of the page's own tools; others wait for the person, who plays the tool. */
export class ToolDesk {
  #waiting = [];

  constructor(call) {
    this.call = call;
  }

  receive({ channel, direction, event }) {
    if (channel !== "oai" || direction !== "in") return;
    if (event.type === "response.function_call_arguments.done" && TOOLS[event.name]) this.#waiting.push(event);
    // Results are given once the response is over: only then may the next one be asked for.
    if (event.type !== "response.done") return;
    for (const { name, call_id } of this.#waiting.splice(0)) {
      this.call.answerTool(call_id, JSON.stringify(TOOLS[name].run()));
    }
  }
}

export function isDemo(name) {
  return name in TOOLS;
}
