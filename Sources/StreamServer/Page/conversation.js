// The conversation: questions and their answers, which grow while they are written.

import { Markdown } from "./markdown.js";
import { visible } from "./inline.js";
import { isAfter, isID } from "./stream-id.js";

export class Conversation {
  #list;
  turns = [];

  constructor(list) { this.#list = list; }

  get last() { return this.turns.at(-1); }
  get isBehind() { return this.turns.some((turn) => turn.markdown.isBehind); }

  clear() {
    this.#list.replaceChildren();
    this.turns = [];
  }

  /** A question, and room for its answer. */
  begin(asked, text = "", cursor = null) {
    const node = element("article", "turn"), said = element("div", "said"), label = element("h3", "visually-hidden");
    label.textContent = asked ? "You asked" : "Answer";
    node.append(label);
    if (asked) {
      const bubble = element("p", "asked");
      bubble.dir = "auto";
      bubble.textContent = visible(asked);
      node.append(bubble);
    }
    node.append(said);
    this.#list.append(node);
    const turn = { asked, node, markdown: new Markdown(said), text, marks: [], cursor };
    // For code that wants the Markdown rather than its looks.
    Object.defineProperty(said, "source", { get: () => turn.text });
    turn.markdown.append(text);
    this.turns.push(turn);
  }

  /** The log says what was asked, so a reloaded page shows it too. */
  started(message) {
    const asked = typeof message === "string" ? message : undefined;
    if (this.last && this.last.asked === asked && !this.last.text) return;
    this.begin(asked);
  }

  append(id, text) {
    if (!this.last) this.begin();
    this.last.marks.push({ id, at: this.last.text.length });
    this.last.text += text;
    this.last.markdown.append(text);
  }

  /**
   * Another attempt goes on: what the former one said after the last entry that counts is taken back.
   *
   * False if it is not known how much that is, because it came with a snapshot.
   */
  takeBack(lastValid) {
    const turn = this.last;
    if (!isID(lastValid) || !turn) return true;
    const first = turn.marks.findIndex((mark) => isID(mark.id) && isAfter(mark.id, lastValid));
    if (turn.cursor && isAfter(turn.cursor, lastValid)) return false;
    if (first < 0) return true;
    turn.text = turn.text.slice(0, turn.marks[first].at);
    turn.marks.length = first;
    turn.markdown.reset(turn.text);
    return true;
  }

  /** Says below the newest answer how its run ended, when it did not end well. */
  conclude(kind, text) {
    if (!this.last) return;
    const node = element("p", `outcome ${kind}`);
    node.textContent = visible(text);
    this.last.node.append(node);
  }

  draw(isLate) {
    for (const turn of this.turns) if (turn.markdown.isBehind) turn.markdown.draw(isLate);
  }
}

function element(name, kind) {
  const node = document.createElement(name);
  node.className = kind;
  return node;
}
