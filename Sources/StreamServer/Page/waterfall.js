// Where the time of the newest run went, from its log alone: the wait for a worker, attempts, turns, tools, the first token.

import { brief } from "./words.js";

export class Waterfall {
  #list;
  #summary;
  #run = null;                  // which run, by its correlation ID
  #queued = new Map();          // when each run was accepted
  #open = new Map();
  #spans = [];
  #last = [];                   // those that ended with the run
  #end = 0;
  #paused = null;               // the attempt that gave its worker back to wait for a person
  isBehind = false;

  constructor(list, summary) { [this.#list, this.#summary] = [list, summary]; }

  clear() {
    this.#queued.clear();
    this.#begin(null, NaN);
  }

  /** A piece of the answer came. */
  text(time) {
    if (!this.#spans.length || Number.isNaN(time)) return;
    this.#reach(time);
    this.#close("first token", time);
  }

  /** Any other event; `time` is in milliseconds. */
  take(name, time, given) {
    const { correlation_id: run, status } = given;
    if (isEnd(name)) return this.end(time);
    if (Number.isNaN(time)) return;
    if (name === "progress" && status === "queued") {
      this.#queued.set(run, time);
      // One that waits behind another run begins when that has ended.
      return this.#open.has("total") ? undefined : this.#begin(run, time);
    }
    if (name === "task_started" && run !== this.#run) this.#begin(run, this.#queued.get(run) ?? time);
    if (!this.#spans.length) return;
    this.#reach(time);
    this.#event(name, time, given);
  }

  #event(name, time, { attempt, turn, status, tool, call, action }) {
    if (name === "task_started") this.#attempt(1, time);
    else if (name === "attempt") this.#attempt(attempt, time);
    else if (name === "progress" && status === "asking_model") {
      this.#span(`turn ${brief(turn)}`, 2, "turn", time);
      this.#span("first token", 3, "token", time);
    } else if (name === "llm_response") {
      // A turn that only calls tools has no token that a user reads.
      this.#drop("first token");
      this.#close(`turn ${brief(turn)}`, time);
    } else if (name === "tool_usage") {
      const key = `${brief(tool)} (${brief(turn)}-${brief(call ?? 0)})`;
      if (action === "result") this.#close(key, time);
      else this.#span(key, 2, "tool", time);
    } else if (name === "approval_requested") {
      this.#pause(time);
      this.#span(`decision ${brief(call)}`, 1, "wait", time);
    } else if (name === "approval_decided") this.#close(`decision ${brief(call)}`, time);
  }

  /** The run is over. A stream says so twice, and only the second time with the ID, and so the time, of the last event. */
  end(time) {
    if (!this.#spans.length) return;
    if (!Number.isNaN(time)) this.#reach(time);
    for (const key of [...this.#open.keys()]) {
      this.#last.push(this.#open.get(key));
      this.#close(key, this.#end);
    }
    for (const span of this.#last) span.end = this.#end;
  }

  #begin(run, time) {
    this.isBehind = true;
    [this.#run, this.#spans, this.#last, this.#end] = [run, [], [], time];
    this.#open.clear();
    this.#paused = null;
    if (Number.isNaN(time)) return;
    this.#span("total", 0, "total", time);
    if (this.#queued.has(run)) this.#span("waits for a worker", 1, "wait", time);
  }

  /** Ends the attempt; where several calls wait for a person, with the last one that asks. */
  #pause(time) {
    const key = [...this.#open.keys()].find((name) => name.startsWith("attempt"));
    if (key) this.#paused = this.#open.get(key);
    if (this.#paused) this.#paused.end = time;
    this.#open.delete(key);
  }

  /** What the former attempt had open ended with it. */
  #attempt(number, time) {
    this.#paused = null;
    for (const key of [...this.#open.keys()]) if (key !== "total" && !key.startsWith("decision")) this.#close(key, time);
    this.#span(`attempt ${brief(number)}`, 1, "attempt", time);
  }

  #span(name, depth, kind, start) {
    const span = { name, depth, kind, start, end: null };
    this.#open.set(name, span);
    this.#spans.push(span);
    this.isBehind = true;
  }

  #close(name, end) {
    const span = this.#open.get(name);
    if (!span) return;
    span.end = end;
    this.#open.delete(name);
    this.isBehind = true;
  }

  #drop(name) {
    this.#spans = this.#spans.filter((span) => span !== this.#open.get(name));
    this.#open.delete(name);
  }

  #reach(time) {
    this.#end = Math.max(this.#end, time);
    this.isBehind = true;
  }

  draw() {
    if (!this.isBehind) return;
    this.isBehind = false;
    const start = this.#spans[0]?.start, total = Math.max(this.#end - start, 1);
    this.#list.replaceChildren(...this.#spans.slice(0, 60).map((span) => row(span, start, total, this.#end)));
    this.#summary.textContent = this.#spans.length ? this.#told(start) : "";
  }

  /** The three numbers that most people want. */
  #told(start) {
    const wait = this.#spans.find(({ kind }) => kind === "wait");
    const token = this.#spans.find(({ kind, end }) => kind === "token" && end);
    const said = [`${seconds(this.#end - start)}${this.#open.has("total") ? " so far" : ""}`];
    if (wait?.end) said.push(`${seconds(wait.end - wait.start)} queued`);
    if (token) said.push(`first token after ${seconds(token.end - start)}`);
    return said.join(", ");
  }
}

const isEnd = (name) => /^task_(completed|failed|cancelled)$/.test(name);

const seconds = (milliseconds) => milliseconds < 1000 ? `${milliseconds} ms`
  : `${(milliseconds / 1000).toFixed(milliseconds < 9995 ? 2 : 1)} s`;

function row({ name, depth, kind, start, end }, first, total, last) {
  const node = document.createElement("li"), label = document.createElement("span"), bar = document.createElement("span");
  const time = document.createElement("span"), length = (end ?? last) - start;
  label.className = "name";
  label.style.paddingInlineStart = `${depth * .7}em`;
  label.textContent = label.title = name;
  bar.className = `bar ${kind}`;
  bar.style.setProperty("--from", `${Math.min(100 * (start - first) / total, 99)}%`);
  bar.style.setProperty("--length", `${Math.max(100 * length / total, 1)}%`);
  time.className = "time";
  time.textContent = seconds(length) + (end === null ? " …" : "");
  node.append(label, bar, time);
  return node;
}
