// Markdown, drawn while it arrives: every line once, and the open line again with each frame.
// Nothing ever becomes HTML: whatever a model writes goes into the page as text.

import { inline, closed } from "./inline.js";

/** A longer line is drawn in pieces, so that no frame draws more than this again. */
const longestPiece = 2000;
/** A longer paragraph goes on in another element, so that the browser lays out little at a time. */
const longestBlock = 8000;
/** A longer list goes on in another one, for the same reason. */
const longestList = 100;
/** The beginning of a line that does not yet tell what the line will be, such as `##`. */
const undecided = /^\s*(#{1,6}|[-*+>]|-{2,}|\*{2,3}|\d{1,9}[.)]?|`{1,2}|~{1,2}|[`~]{3,}.*)\s*$/;

export class Markdown {
  #node;
  #rest = "";         // what is not drawn for good; begins where the open line, or its next piece, begins
  #block = null;      // the block that the next line may continue: { kind, node, … }; replaced, never changed
  #line = null;       // where the next piece of a long line goes
  #size = 0;          // characters in the block
  #preview = null;    // how to take back the drawing of the open line
  #isBehind = false;

  constructor(node) { this.#node = node; }

  /** Whether there is something to draw. */
  get isBehind() { return this.#isBehind; }

  append(text) {
    this.#rest += text;
    this.#isBehind = true;
  }

  /** Forgets everything, and begins with another text. */
  reset(text = "") {
    this.#node.replaceChildren();
    this.#rest = text;
    this.#isBehind = true;
    this.#block = this.#line = this.#preview = null;
    this.#size = 0;
  }

  /** Draws what was appended, until it is `isLate()`. */
  draw(isLate = () => false) {
    this.#takePreviewBack();
    let at = 0, end = this.#rest.indexOf("\n");
    while (at < this.#rest.length && !isLate()) {
      const length = (end < 0 ? this.#rest.length : end) - at;
      if (length > longestPiece) {
        const piece = cut(this.#rest.slice(at, at + longestPiece));
        this.#put(piece);
        at += piece.length;
      } else if (end >= 0) {
        this.#put(this.#rest.slice(at, end).replace(/\r$/, ""));
        this.#endLine();
        at = end + 1;
        end = this.#rest.indexOf("\n", at);
      } else {
        break;
      }
    }
    this.#rest = this.#rest.slice(at);
    this.#isBehind = this.#rest.length > longestPiece || this.#rest.includes("\n");
    if (!this.#isBehind) this.#drawPreview();
  }

  #drawPreview() {
    const [block, line, size, text] = [this.#block, this.#line, this.#size, this.#rest];
    const isHeldBack = !text || (!line && undecided.test(text));
    const nodes = isHeldBack ? [] : this.#put(block?.kind === "code" ? text : closed(text));
    this.#preview = () => {
      for (const node of nodes) node.remove();
      [this.#block, this.#line, this.#size] = [block, line, size];
    };
  }

  #takePreviewBack() {
    this.#preview?.();
    this.#preview = null;
  }

  #endLine() {
    if (this.#block?.kind === "code" && this.#line) this.#line.append("\n");
    this.#line = null;
  }

  /** Draws a line, or a piece of one; returns the nodes that were added. */
  #put(text) {
    this.#size += text.length + 1;
    if (this.#line) return this.#addTo(this.#line, text);
    if (this.#block?.kind === "code") return this.#code(text);
    const fence = text.match(/^ {0,3}(`{3,}|~{3,})/), heading = text.match(/^ {0,3}(#{1,6})(?:\s+(.*?))?\s*#*$/);
    const item = text.match(/^(\s*)([-*+]|\d{1,9}[.)])\s+(.*)$/), quote = text.match(/^ {0,3}> ?(.*)$/);
    if (fence) return this.#beginCode(fence[1]);
    if (!text.trim()) return this.#blank();
    if (heading) return this.#begin(null, element(`h${Math.min(6, heading[1].length + 2)}`), heading[2] ?? "");
    if (/^ {0,3}([-*_])(\s*\1){2,}\s*$/.test(text)) return this.#begin(null, element("hr"), "");
    if (item) return this.#item(item[1].replaceAll("\t", "    ").length, item[2], item[3]);
    if (quote) return this.#paragraph("quote", quote[1]);
    if (this.#block?.kind === "list" && /^\s{2,}/.test(text)) return this.#addTo(this.#block.item, "\n" + text.trim());
    return this.#paragraph("text", text);
  }

  /** Begins a block at the end of the answer. */
  #begin(block, node, text, at = this.#node) {
    this.#block = block;
    this.#size = text.length;
    inline(node, text);
    at.append(node);
    this.#line = node;
    return [node];
  }

  /** Adds to a block; one that became too long goes on in another element. */
  #addTo(node, text) {
    if (this.#size > longestBlock && node.parentElement === this.#node) {
      const next = node.cloneNode(false);
      next.classList.add("more");
      return this.#begin(this.#block && { ...this.#block, node: next }, next, text.replace(/^\n/, ""));
    }
    const before = node.lastChild;
    inline(node, text);
    this.#line = node;
    const added = [];
    for (let child = node.lastChild; child && child !== before; child = child.previousSibling) added.push(child);
    return added;
  }

  #blank() {
    if (this.#block?.kind !== "list") this.#block = null;
    return [];
  }

  #paragraph(kind, text) {
    if (this.#block?.kind === kind) return this.#addTo(this.#block.node, "\n" + text);
    const node = element(kind === "quote" ? "blockquote" : "p");
    return this.#begin({ kind, node }, node, text);
  }

  #beginCode(fence) {
    const frame = element("pre"), node = element("code");
    frame.append(node);
    frame.tabIndex = 0;
    this.#node.append(frame);
    this.#block = { kind: "code", node, fence };
    return [frame];
  }

  #code(text) {
    const { node, fence } = this.#block;
    if (text.trimEnd().length >= fence.length && text.trim() === fence[0].repeat(text.trim().length)) {
      this.#block = null;
      return [];
    }
    const line = element("span");
    inline(line, text, true);
    node.append(line);
    this.#line = line;
    return [line];
  }

  #item(indent, mark, text) {
    const lists = (this.#block?.kind === "list" ? this.#block.lists : []).filter((list) => list.indent <= indent);
    const kind = /\d/.test(mark) ? "ol" : "ul", item = element("li"), last = lists.at(-1);
    inline(item, text);
    let added = item;
    const isFull = lists.length === 1 && last.node.childElementCount >= longestList;
    if (last && indent < last.indent + 2 && last.kind === kind && !isFull) {
      last.node.append(item);
    } else {
      const isNested = last && indent >= last.indent + 2;
      if (!isNested) lists.pop();
      const node = added = element(kind), parent = lists.at(-1)?.node.lastElementChild;
      if (isFull && !isNested) node.className = "more";
      if (kind === "ol") node.start = parseInt(mark, 10);
      node.append(item);
      (parent ?? this.#node).append(node);
      lists.push({ indent, kind, node });
    }
    this.#block = { kind: "list", lists, item };
    this.#line = item;
    this.#size = text.length;
    return [added];
  }
}

/** The first part of a long line: up to a space that no bold text or code spans, if there is one. */
function cut(text) {
  for (let at = text.lastIndexOf(" "); at > text.length / 2; at = text.lastIndexOf(" ", at - 1)) {
    const piece = text.slice(0, at + 1);
    if (piece.split("**").length % 2 && piece.split("`").length % 2) return piece;
  }
  return /[\ud800-\udbff]$/.test(text) ? text.slice(0, -1) : text;
}

function element(name) {
  const node = document.createElement(name);
  node.dir = "auto";
  return node;
}
