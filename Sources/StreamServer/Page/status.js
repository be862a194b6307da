// One line that tells the truth about a run and about this page's connection to it.

/** What each state is called, and which colour it has. */
const states = {
  idle: ["", "Ready"], asking: ["wait", "Asking"], loading: ["wait", "Loading"],
  queued: ["wait", "Queued: waits for a worker"], thinking: ["live", "Thinking"], writing: ["live", "Writing"],
  waiting: ["warn", "Waits for your decision"], lost: ["warn", "The run goes on in another attempt"],
  done: ["good", "Done"], failed: ["bad", "Failed"], cancelled: ["stopped", "Stopped"], error: ["bad", ""],
};

/** After this many seconds without an event the line says so. */
const longSilence = 5;

export class Status {
  #node;
  #announcement;
  phase = "idle";
  #text = "";
  #since = Date.now();
  #attempt = 1;

  constructor(node, announcement) {
    this.#node = node;
    this.#announcement = announcement;
    setInterval(() => this.show(), 1000);
  }

  /** The connection whose state comes before the run's; null while there is nothing to watch. */
  connection = null;

  /** Whether the run is over, or never began. */
  get isOver() { return ["idle", "done", "failed", "cancelled", "error"].includes(this.phase); }

  /** A new phase; `text` says more than its name. */
  set(phase, text = "") {
    if (["idle", "asking", "loading", "queued"].includes(phase)) this.#attempt = 1;
    Object.assign(this, { phase });
    this.#text = text;
    this.heard();
    this.show();
  }

  /** Something arrived just now. */
  heard() { this.#since = Date.now(); }

  attempt(number) { this.#attempt = Number(number) || this.#attempt + 1; }

  show() {
    const [kind, text] = this.#current();
    if (this.#node.textContent === text && this.#node.dataset.state === kind) return;
    const isNews = withoutSeconds(this.#node.textContent) !== withoutSeconds(text);
    this.#node.dataset.state = kind;
    this.#node.dataset.phase = this.phase;
    this.#node.textContent = text;
    if (isNews) this.#announcement.textContent = withoutSeconds(text);
  }

  #current() {
    if (!this.isOver) {
      const { state, pause } = this.connection ?? {};
      if (state === "left") return ["stopped", "Disconnected; the agent goes on without you"];
      if (state === "hidden") return ["stopped", "Paused while this tab is hidden"];
      if (state === "retrying") return ["warn", `Reconnecting: the connection is lost, next try after ${pause} s`];
      if (state === "connecting" && this.phase !== "asking") return ["wait", "Connecting"];
    }
    const [kind, name] = states[this.phase];
    const number = this.#attempt > 1 && !["lost", "idle"].includes(this.phase) ? ` (attempt ${this.#attempt})` : "";
    const said = (this.#text || name) + number;
    const seconds = Math.round((Date.now() - this.#since) / 1000);
    const isSilent = ["queued", "thinking", "writing", "lost"].includes(this.phase) && seconds >= longSilence;
    return [isSilent && kind === "live" ? "wait" : kind, isSilent ? `${said} · nothing new for ${seconds} s` : said];
  }
}

const withoutSeconds = (text) => text.replace(/ · nothing new.*$/, "");
