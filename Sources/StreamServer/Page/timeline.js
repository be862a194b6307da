// The timeline: what the agent did, one line per event, with the time and the ID of its entry.

import { visible } from "./inline.js";
import { clock, timeOf } from "./stream-id.js";
import { details, sentence, tone } from "./words.js";

const longestTimeline = 500;

export class Timeline {
  #list;
  #waiting = [];
  #text = null;       // the item that stands for the pieces of the answer since the last other event
  count = 0;
  /** The name of the newest event. */
  newest = null;

  constructor(list) { this.#list = list; }

  get isBehind() { return this.#waiting.length > 0 || (this.#text?.isBehind ?? false); }

  /** An event of the log; `time` is in milliseconds, and left out it is the entry's. */
  add({ id, name, data, time = timeOf(id) }) {
    this.#text = null;
    this.count += 1;
    this.newest = name;
    this.#waiting.push(() => item(tone(name, details(data)), sentence(name, data), { id, time, data, name }));
  }

  /** A piece of the answer. Pieces that follow each other share a line. */
  addText(id, text) {
    this.count += 1;
    if (!this.#text) {
      const run = this.#text = { first: id, pieces: 0, characters: 0, isBehind: false };
      this.#waiting.push(() => run.node = item("text", "", { id, time: timeOf(id) }));
    }
    Object.assign(this.#text, { last: id, pieces: this.#text.pieces + 1, isBehind: true });
    this.#text.characters += text.length;
  }

  /** Something that this page did; returns how to change what it says. */
  note(text) {
    this.#text = null;
    const node = item("page", text, { time: Date.now() });
    this.#waiting.push(() => node);
    return (changed) => { node.querySelector(".what").textContent = changed; };
  }

  clear() {
    this.#list.replaceChildren();
    this.#waiting = [];
    this.#text = this.newest = null;
    this.count = 0;
  }

  draw() {
    const isAtEnd = this.#list.scrollHeight - this.#list.scrollTop - this.#list.clientHeight < 60;
    for (const make of this.#waiting.splice(0).slice(-longestTimeline)) this.#list.append(make());
    while (this.#list.childElementCount > longestTimeline) this.#list.firstElementChild.remove();
    if (this.#text?.isBehind && this.#text.node) describe(this.#text);
    if (isAtEnd) this.#list.scrollTop = this.#list.scrollHeight;
  }
}

/** What a run of text is, as far as it has come. */
function describe(run) {
  const pieces = run.pieces === 1 ? "1 piece" : `${run.pieces} pieces`;
  run.node.querySelector(".what").textContent = `Writes: ${run.characters} characters in ${pieces}.`;
  run.node.querySelector("code").textContent = run.first === run.last ? run.first : `${run.first} to ${run.last}`;
  run.isBehind = false;
}

function item(kind, text, { id, time, data, name }) {
  const node = element("li", kind);
  const line = data === undefined ? node : element("details");
  const what = element(data === undefined ? "div" : "summary");
  const meta = element("span", "meta");
  what.append(element("span", "what", visible(text)), meta);
  meta.append(element("time", "", clock(time)));
  if (id) meta.append(" ", element("code", "", id));
  line.append(what);
  if (line === node) return node;
  // The JSON of a thousand events costs nothing until somebody asks for it.
  line.addEventListener("toggle", () => {
    if (line.childElementCount === 1) line.append(element("pre", "", `${name} ${formatted(data)}`));
  });
  node.append(line);
  return node;
}

function formatted(data) {
  try {
    return visible(JSON.stringify(typeof data === "string" ? JSON.parse(data) : data, null, 2));
  } catch { return visible(String(data)); }
}

function element(name, kind = "", text = "") {
  const node = document.createElement(name);
  if (kind) node.className = kind;
  if (text) node.textContent = text;
  return node;
}
