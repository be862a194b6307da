// The requests of the page, beside the stream itself. Each throws { status, code, message } where it is refused.

import { address, refusal } from "./connection.js";
import { authorized } from "./token.js";

async function send(path, body, method = "POST", isFine = (reply) => reply.ok) {
  const options = { method, headers: {} };
  if (body) Object.assign(options, { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  let reply;
  try {
    reply = await authorized(path, options);
  } catch {
    throw { status: 0, message: "The server does not answer. Is it running? Your prompt is still here; try again." };
  }
  if (!isFine(reply)) throw await refusal(reply);
  return reply.json();
}

let agents = null;

/** Asks the server's agent; with a conversation, asks on in it. */
export async function askServer(message, conversation) {
  // It does not change, so it is asked for once. A server that cannot reach Redis says it too, with a 503.
  agents ??= (await send("/api/health", null, "GET", () => true)).agents;
  const body = conversation ? { message, thread_id: conversation } : { message };
  return send(`/api/agents/${encodeURIComponent(agents[0])}/run`, body);
}

/** What a conversation holds so far. */
export const snapshotOf = (conversation) => send(`/api/runs/${encodeURIComponent(conversation)}`, null, "GET");

/** Calls the run off. */
export const stopRun = (conversation) => send(address(conversation, "/cancel"));

/** Answers an agent that asked whether it may call a tool. */
export const decide = (run, call, decision, comment) =>
  send(`/api/runs/${encodeURIComponent(run)}/approvals/${encodeURIComponent(call)}`, { decision, comment });

/** The conversation that the page's address names, or null if it names none that could exist. */
export function named() {
  const name = location.hash.slice(1);                 // no name needs percent-encoding
  return /^[A-Za-z0-9._-]{1,128}$/.test(name) && !/^\.{1,2}$/.test(name) ? name : null;
}
