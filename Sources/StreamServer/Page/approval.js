// A card that asks a person whether the agent may call a tool; once that is decided, a line in the conversation.

import { decide } from "./api.js";
import { visible } from "./inline.js";
import { brief } from "./words.js";

/** Shows what an event says of a decision, in the turn of its run. */
export function showApproval(name, given, turn) {
  if (!turn) return;
  if (name === "approval_requested") askForApproval(given, turn.node);
  if (name === "approval_decided") settleApproval(given, turn.node);
  if (/^task_(completed|failed|cancelled)$/.test(name)) endApprovals(turn.node);
}

/** Adds a card for a call that waits for a decision. */
function askForApproval({ run, call, tool, arguments: given }, parent) {
  const card = element("form", "approval"), comment = element("input");
  card.dataset.call = String(call);
  card.dataset.asked = `${brief(tool)}(${given ? brief(given) : ""})`;
  comment.placeholder = "Comment (optional)";
  comment.setAttribute("aria-label", "Comment for the agent");
  const buttons = element("div", "row");
  for (const [decision, name, kind] of [["approve", "Approve", "primary"], ["reject", "Reject", ""]]) {
    const button = element("button", kind, name);
    button.type = "button";
    button.addEventListener("click", () => answer(card, () => decide(run, call, decision, comment.value)));
    buttons.append(button);
  }
  card.append(
    element("h4", "", `May the agent call ${brief(tool)}?`),
    element("pre", "", JSON.stringify(given ?? {}, null, 2)), comment, buttons, element("p", "outcome"));
  card.addEventListener("submit", (event) => event.preventDefault());
  parent.append(card);
  card.scrollIntoView({ block: "nearest" });
}

/** Shows what was decided, here or elsewhere. */
function settleApproval({ call, decision, comment }, parent) {
  for (const card of parent.querySelectorAll(".approval:not(.settled)")) {
    if (card.dataset.call !== String(call)) continue;
    settle(card, `was ${brief(decision)}${comment ? `: ${brief(comment)}` : "."}`);
  }
}

/** Nobody needs to decide any more: the run is over. */
function endApprovals(parent) {
  for (const card of parent.querySelectorAll(".approval:not(.settled)")) settle(card, "was not decided: the run had ended.");
}

function settle(card, text) {
  const line = element("p", "approval settled", `${card.dataset.asked} ${text}`);
  // What the agent says now, it says after the decision.
  card.parentElement.querySelector(".said").before(line);
  card.remove();
}

/** Sends a decision; the log then says that it was taken. */
async function answer(card, send) {
  const controls = card.querySelectorAll("button, input");
  for (const control of controls) control.disabled = true;
  try {
    await send();
  } catch (problem) {
    for (const control of controls) control.disabled = false;
    card.querySelector(".outcome").textContent = visible(problem.message);
  }
}

function element(name, kind = "", text = "") {
  const node = document.createElement(name);
  if (kind) node.className = kind;
  if (text) node.textContent = visible(text);
  return node;
}
