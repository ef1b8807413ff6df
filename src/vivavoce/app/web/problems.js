// What can go wrong for a person, in words, and what they can do about it.

/** A problem to show. `code` is for the program, `title` and `advice` for people; `offer`: retry, key or type. */
export class Problem extends Error {
  constructor(code, title, advice, offer = "retry", detail = "") {
    super(title);
    Object.assign(this, { code, title, advice, offer, detail });
  }
}

const LOCK = "Click the icon left of the page's address, allow the microphone, then try again.";

const MICROPHONE = {
  NotAllowedError: ["mic-refused", "The microphone was refused", LOCK],
  SecurityError: ["mic-refused", "The browser does not let this page use the microphone", LOCK],
  NotFoundError: ["mic-missing", "No microphone was found", "Plug one in or turn it on, then try again. You can also type."],
  NotReadableError: [
    "mic-busy",
    "The microphone cannot be read",
    "Another program may be using it: close that one, or choose another microphone.",
  ],
  OverconstrainedError: ["mic-gone", "The chosen microphone is not there", "Choose another microphone, then try again."],
};

export function microphoneProblem(error) {
  const [code, title, advice] = MICROPHONE[error.name] ?? ["mic-failed", "The microphone failed", "Try again, or type."];
  if (code === "mic-refused" && /system/i.test(error.message)) {
    return new Problem(code, "The system does not let the browser use the microphone",
      "Allow it for this browser in the system's privacy settings, then try again.", "type", error.message);
  }
  return new Problem(code, title, advice, "type", error.message);
}

export const MIC_LOST = (detail) => new Problem("mic-lost", "No microphone is left",
  "The call goes on: plug one in, choose another one, or type.", "none", detail);

export function outputProblem(error) {
  return new Problem("output", "That output cannot be used", "Choose another one.", "none", error.message);
}

/** The reason why this browser or address cannot make calls at all; null when it can. */
export function platformProblem() {
  if (!window.isSecureContext) {
    return new Problem("insecure", "Browsers give a microphone to secure pages only",
      `On the machine that runs the server, open http://localhost:${location.port || 80}. From another one, start the ` +
      "server with --tls-self-signed (or a certificate) and open its https:// address.", "none");
  }
  if (!window.RTCPeerConnection || !navigator.mediaDevices?.getUserMedia) {
    return new Problem("no-webrtc", "This browser cannot make calls", "Use a current Chrome, Edge, Firefox or Safari.", "none");
  }
  return null;
}

export const GONE = () => new Problem("gone", "The server does not answer",
  "Is it still running? Start it again with: vivavoce serve");

export const LOST = () => new Problem("lost", "The call was cut off",
  "The network or the server went away. Reconnect: the conversation goes on where it was.");

export const ENDED = () => new Problem("ended", "The server ended the call",
  "Reconnect, and the conversation goes on where it was.");

export const NO_ROUTE = () => new Problem("no-route", "No way for the audio was found",
  "The server was reached, but its audio was not. A firewall or VPN between you and it may be blocking UDP.");

/** The problem that an HTTP answer other than 201 is. */
export async function answerProblem(response) {
  let error = {};
  try {
    error = (await response.json()).error ?? {};
  } catch {
    // Something between us and the server answered; its status is all we know.
  }
  const detail = error.message ?? `HTTP ${response.status}`;
  const wait = response.headers.get("Retry-After");
  const when = wait ? `Try again in ${wait} s.` : "Wait a little, then try again.";
  if (response.status === 401) {
    return error.code === "invalid_api_key"
      ? new Problem("key-refused", "The key was refused", "Check it, or ask whoever runs this server.", "key", detail)
      : new Problem("key-needed", "This server asks for a key", "It stays in this tab and is forgotten with it.", "key", detail);
  }
  if (response.status === 429) return new Problem("braked", "Too many attempts", when, "retry", detail);
  if (response.status === 503) return new Problem("busy", "The server is busy", when, "retry", detail);
  if (response.status === 403) {
    return new Problem("origin", "The server does not accept this page",
      `Open it by the server's own address, or start the server with --allow-origin ${location.origin}`, "retry", detail);
  }
  if (response.status === 404 || response.status === 501) {
    return new Problem("no-calls", "This server takes no calls from browsers",
      "Install its WebRTC part: pip install 'vivavoce[webrtc]'", "retry", detail);
  }
  if (response.status === 400) {
    const advice = error.param ? `Setting: ${error.param}. Look into the Agent tab.` : "The Agent tab has the settings that were sent.";
    return Object.assign(new Problem("refused", "The server refused the settings", advice, "retry", detail), { param: error.param });
  }
  return new Problem("failed", "The server had an error", "Its log says more. Try again.", "retry", detail);
}
