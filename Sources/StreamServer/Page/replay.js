// What a viewer who comes back had missed, counted while it arrives.

import { timeOf } from "./stream-id.js";

export class Replay {
  #timeline;
  #current = null;
  #skew = 0;          // how much later this clock says a live event came than the server's clock says it was added

  constructor(timeline) { this.#timeline = timeline; }

  /** Comes back now, after the entry with this ID. */
  begin(cursor) {
    const change = this.#timeline.note("");
    this.#current = { cursor: cursor ?? "nothing", until: Date.now() - this.#skew, events: 0, characters: 0, change };
    this.#say();
  }

  /** An event: either one that was missed, or the first that was not. */
  count(id, text) {
    const time = timeOf(id);
    if (Number.isNaN(time)) return;
    if (!this.#current) this.#skew = Date.now() - time;
    else if (time > this.#current.until) this.end();
    else {
      this.#current.events += 1;
      this.#current.characters += text.length;
      this.#say();
    }
  }

  end() { this.#current = null; }

  #say() {
    const { cursor, events, characters, change } = this.#current;
    change(`Came back after ${cursor}: ${events} events replayed, ${characters} characters of the answer among them.`);
  }
}
