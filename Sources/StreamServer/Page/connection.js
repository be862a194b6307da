// One viewer's connection to the log of a conversation: it comes back by cursor until the stream ends.

import { authorized, hasToken, sign } from "./token.js";
import { eventNames } from "./words.js";

/** Which way a conversation is reached. */
export const address = (conversation, rest = "") =>
  `/api/agent/stream/${encodeURIComponent(conversation)}${rest}`;

/** What people are told where the server's words are for programs. */
const sentences = {
  unknown_conversation: "There is no such conversation, or it has expired. Ask something.",
  expired: "This conversation has expired. Ask something new.",
};

/** What the server says of a request that it refused. */
export async function refusal(reply) {
  const answer = await reply.json().catch(() => ({}));
  const { code, message } = answer.error ?? answer;
  const said = sentences[code] ?? message ?? answer.detail ?? `The server answers ${reply.status}.`;
  return { status: reply.status, code, message: said };
}

export class Connection {
  #source = null;
  #timer = null;
  #failures = 0;
  #attempt = null;
  #handlers;
  conversation = null;
  cursor = null;
  /** How many connections there were. */
  count = 0;
  /** `closed`, `connecting`, `open`, `retrying`, `left` by the user, or `hidden` with its tab. */
  state = "closed";

  /** `handlers` has onEvent(name, id, data), onEnd(name, id, data), onChange(), onRefused(problem). */
  constructor(handlers) {
    this.#handlers = handlers;
    // A browser has six connections per server for all its tabs: a tab that nobody looks at must not keep one.
    document.addEventListener("visibilitychange", () => {
      if (document.hidden && ["connecting", "open", "retrying"].includes(this.state)) this.#close("hidden");
      else if (!document.hidden && this.state === "hidden") this.#open();
    });
  }

  get isWatching() { return ["connecting", "open", "retrying", "hidden"].includes(this.state); }

  watch(conversation, cursor = null) {
    Object.assign(this, { conversation, cursor });
    this.#failures = 0;
    this.#open();
  }

  /** Leaves in the middle. `resume()` comes back. */
  leave() { this.#close("left"); }

  resume() { this.#open(); }

  end() { this.#close("closed"); }

  async #open() {
    this.#close("connecting");
    if (document.hidden) return this.#change("hidden");
    const url = new URL(address(this.conversation), location.origin);
    url.searchParams.set("events", "all");
    if (this.cursor) url.searchParams.set("cursor", this.cursor);
    if (hasToken()) {
      const attempt = this.#attempt = Symbol("attempt");
      // What is refused here is refused again below, where it is dealt with.
      await sign(url, this.conversation).catch(() => {});
      if (this.#attempt !== attempt) return;               // left meanwhile
    }
    const source = this.#source = new EventSource(url);
    this.count += 1;
    const on = (name, handle) => source.addEventListener(name, (event) => {
      if (this.#source !== source) return;               // a connection that was given up
      if (event.lastEventId) this.cursor = event.lastEventId;
      handle(name, event.lastEventId, event.data);
    });
    source.onopen = () => {
      this.#failures = 0;
      this.#change("open");
    };
    for (const name of ["message", ...eventNames]) on(name, this.#handlers.onEvent);
    on("done", (...event) => this.#end(event));
    // An error event without data is the connection's, not the server's.
    on("error", (...event) => (event[2] === undefined ? this.#lost(url) : this.#end(event)));
  }

  #end(event) {
    this.#close("closed");
    this.#handlers.onEnd(...event);
  }

  /** Tries again from the cursor, more slowly each time, unless the server says that this is pointless. */
  async #lost(url) {
    this.#close("retrying");
    this.pause = Math.min(10, 2 ** this.#failures++);
    const timer = this.#timer = setTimeout(() => this.#open(), this.pause * 1000);
    this.#change("retrying");
    const stop = new AbortController();
    try {
      const reply = await authorized(url, { signal: stop.signal });
      if (reply.status < 400 || reply.status >= 500 || reply.status === 429) return;
      const problem = await refusal(reply);
      if (this.#timer !== timer) return;
      this.#close("closed");
      this.#handlers.onRefused(problem);
    } catch { /* not reachable: the timer tries again */ } finally { stop.abort(); }
  }

  #close(state) {
    this.#source?.close();
    this.#source = this.#attempt = null;
    clearTimeout(this.#timer);
    this.#timer = null;
    this.#change(state);
  }

  #change(state) {
    if (this.state === state) return;
    this.state = state;
    this.#handlers.onChange();
  }
}
