// State that views follow: plain objects that say when they changed.

import { useEffect, useState } from "./vendor/hooks.js";

const REDRAW_MS = 33;

export class Model {
  #listeners = new Set();
  #due = null;

  /** Tell the views, at most thirty times a second, also while the tab is hidden. */
  changed() {
    this.#due ??= setTimeout(() => {
      this.#due = null;
      for (const listener of [...this.#listeners]) listener();
    }, REDRAW_MS);
  }

  /** Returns what ends it. */
  onChange(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

/** Draw the component again whenever one of the models changes. */
export function useModels(...models) {
  const [, redraw] = useState(0);
  useEffect(() => {
    const ends = models.map((model) => model.onChange(() => redraw((n) => n + 1)));
    return () => ends.forEach((end) => end());
  }, models);
}

/** A value that survives the tab: `kind` is localStorage or sessionStorage. Storage may be refused; then it lives shortly. */
export function stored(kind, name, fallback) {
  try {
    const text = window[kind].getItem(`vivavoce.${name}`);
    return text === null ? fallback : JSON.parse(text);
  } catch {
    return fallback;
  }
}

export function store(kind, name, value) {
  try {
    if (value === null) window[kind].removeItem(`vivavoce.${name}`);
    else window[kind].setItem(`vivavoce.${name}`, JSON.stringify(value));
  } catch {
    // Private windows refuse; nothing depends on it.
  }
}
