// What stands within a line of Markdown: bold, emphasis, code, links as text. Everything else is text.

// Every repetition has a bound, so that no text makes matching slow.
const marks = new RegExp([
  /(?<tick>`{1,2})(?<code>[^`]{1,1000})\k<tick>/, /\*\*(?<bold>[^\s*](?:.{0,1000}?[^\s])??)\*\*/,
  /\*(?<em>[^\s*](?:[^*]{0,500}[^\s*])?)\*/, /(?<!\w)_(?<em2>[^\s_](?:[^_]{0,500}[^\s_])?)_(?!\w)/,
  /!?\[(?<label>[^[\]]{0,300})\]\((?<target>[^()\s]{0,1000})\)/, /\\(?<escaped>[!-/:-@[-`{-~])/,
].map((part) => part.source).join("|"), "gs");

/** Adds text to a node, with its marks as elements unless it is `plain`. */
export function inline(node, text, plain = false) {
  let at = 0;
  for (const match of plain ? [] : text.matchAll(marks)) {
    const { code, bold, em, em2, label, target, escaped } = match.groups;
    add(node, text.slice(at, match.index));
    at = match.index + match[0].length;
    if (code) add(child(node, "code"), code);
    else if (bold) inline(child(node, "strong"), bold);
    else if (em ?? em2) inline(child(node, "em"), em ?? em2);
    else if (escaped) add(node, escaped);
    else {
      add(node, label);
      // A link is shown, not offered: where it leads is a model's word.
      if (target && target !== label) add(child(node, "span", "target"), label ? ` (${target})` : target);
    }
  }
  add(node, text.slice(at));
}

/** A line that still grows, with what it has opened closed, so that it already looks like what it will be. */
export function closed(line) {
  const text = line.replace(/\*+$/, "");
  if (text.split("`").length % 2 === 0) return text + "`";
  return text.split("**").length % 2 === 0 ? text.trimEnd() + "**" : text;
}

/** A text with what cannot be seen made visible: control characters, and marks that turn the direction of text. */
export function visible(text) {
  return text
    .replace(/[\u2028\u2029]/g, "\n")
    .replace(/[\u0000-\u0008\u000b-\u001f]/g, (one) => String.fromCharCode(0x2400 + one.charCodeAt(0)))
    .replace(/[\u007f-\u009f\u202a-\u202e]/g, (one) => `[U+${one.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}]`);
}

function add(node, text) {
  if (text) node.append(visible(text));
}

function child(node, name, kind = "") {
  const made = document.createElement(name);
  if (kind) made.className = kind;
  node.append(made);
  return made;
}
