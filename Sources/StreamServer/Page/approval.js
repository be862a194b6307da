// A card that asks a person whether the agent may call a tool.

import { visible } from "./inline.js";

/** `decide(call, decision, comment)` sends the decision, and throws where it is refused. */
export function approvalCard(given, decide) {
  const call = String(given.call_id ?? given.call ?? given.id ?? "");
  const card = element("form", "approval"), outcome = element("p", "outcome");
  const comment = element("input");
  comment.placeholder = "Comment for the agent (optional)";
  comment.setAttribute("aria-label", "Comment for the agent");
  card.append(
    element("h4", "", `May the agent call ${given.tool ?? "this tool"}?`),
    element("pre", "", JSON.stringify(given.arguments ?? {}, null, 2)), comment);
  const row = element("div", "row");
  for (const [decision, name, kind] of [["approve", "Approve", "primary"], ["reject", "Reject", ""]]) {
    const button = element("button", kind, name);
    button.type = "button";
    button.addEventListener("click", async () => {
      const controls = card.querySelectorAll("button, input");
      for (const control of controls) control.disabled = true;
      try {
        await decide(call, decision, comment.value);
        outcome.textContent = decision === "approve" ? "You approved it." : "You rejected it.";
      } catch (problem) {
        outcome.textContent = visible(problem.message);
        for (const control of controls) control.disabled = false;
      }
    });
    row.append(button);
  }
  card.append(row, outcome);
  card.addEventListener("submit", (event) => event.preventDefault());
  return card;
}

function element(name, kind = "", text = "") {
  const node = document.createElement(name);
  if (kind) node.className = kind;
  if (text) node.textContent = visible(text);
  return node;
}
