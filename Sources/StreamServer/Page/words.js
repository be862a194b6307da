// What the events of a run mean, in words. Any program may write into a log, so details may be anything.

/** The events of the log that the server sends under names of their own. */
export const eventNames = [
  "task_started", "chain_of_thought", "tool_usage", "llm_response", "progress", "attempt", "task_completed",
  "task_failed", "task_cancelled", "approval_requested", "approval_decided", "history_summary", "gap", "log.message", "log.done",
  "log.error", "log.attempt", "unnamed",
];

/** The details of an event: what its JSON says, or nothing. */
export function details(data) {
  if (data !== null && typeof data === "object") return data;
  try {
    const value = JSON.parse(data);
    return value !== null && typeof value === "object" ? value : {};
  } catch { return {}; }
}

/** The tone of an event, for its colour: `agent`, `tool`, `model`, `good`, `bad`, `warn` or `plain`. */
export function tone(name, { action } = {}) {
  if (name === "chain_of_thought") return "agent";
  if (name === "tool_usage") return action === "result" ? "result" : "tool";
  if (name === "llm_response") return "model";
  if (name === "task_completed") return "good";
  if (name === "task_failed") return "bad";
  if (name === "attempt" || name === "gap" || name === "approval_requested" || name === "task_cancelled") return "warn";
  return "plain";
}

/** What happened, in one sentence. */
export function sentence(name, data) {
  const given = details(data);
  const told = sentences[name]?.(given);
  if (told) return told;
  const said = typeof data === "string" ? data : JSON.stringify(data);
  return said && said !== "{}" ? `${title(name)}: ${shortened(said)}` : `${title(name)}.`;
}

/** Why a run goes on in another attempt. */
export const reasons = {
  __proto__: null,
  decision: "The run goes on after the decision",
  failure: "The attempt failed; another one begins",
  shutdown: "The worker was shut down; another one goes on",
  worker_lost: "The worker was lost; another one goes on",
};

// Without a prototype: a program may name its event `constructor` or `__proto__`.
const sentences = {
  __proto__: null,
  task_started: ({ agent }) => agent && `A worker begins, as ${brief(agent)}.`,
  chain_of_thought: ({ thought }) => thought && brief(thought),
  progress: ({ status, message, turn }) => {
    if (status === "queued") return "Waits for a worker.";
    if (status === "asking_model") return turn ? `Asks the model, turn ${brief(turn)}.` : "Asks the model.";
    if (status === "finished") return "Has its answer.";
    return message || status ? brief(message ?? status) : undefined;
  },
  tool_usage: ({ tool, action, arguments: given, result }) => {
    if (!tool) return undefined;
    if (action === "result") return `${brief(tool)} answers: ${brief(result?.summary ?? result?.error ?? result)}`;
    return given === undefined ? `Uses ${brief(tool)}.` : `Calls ${brief(tool)}(${brief(given)})`;
  },
  llm_response: ({ model, turn, tool_calls: calls, response }) => {
    const asked = Array.isArray(calls) ? calls.map((call) => call?.name).filter(Boolean) : [];
    if (asked.length) return `${brief(model ?? "The model")} asks for ${asked.map(brief).join(" and ")}.`;
    if (response) return `The model says: ${brief(response)}`;
    return model && `${brief(model)} has finished turn ${brief(turn)}.`;
  },
  attempt: ({ attempt, cause }) => `${reasons[cause] ?? "The run goes on"}${attempt ? ` (attempt ${brief(attempt)})` : ""}.`,
  task_completed: () => "The run is complete.",
  task_failed: ({ error }) => (error ? `The run failed: ${brief(error)}` : "The run failed."),
  task_cancelled: () => "The run was stopped.",
  approval_requested: ({ tool }) => tool && `Asks whether it may call ${brief(tool)}.`,
  approval_decided: ({ decision, comment }) => decision && `The call is ${brief(decision)}${comment ? `: ${brief(comment)}` : "."}`,
  history_summary: () => "The earlier conversation was summed up for the model.",
  gap: () => "Events are missing here: the log was trimmed.",
};

/** A value without the syntax of JSON: the values of an object or a list one after the other. */
export function brief(value) {
  if (value === null || value === undefined) return "nothing";
  if (typeof value !== "object") return shortened(String(value));
  return shortened(Object.values(value).slice(0, 8).map(brief).join(", "));
}

const shortened = (text) => (text.length > 240 ? `${text.slice(0, 239)}…` : text);

function title(name) {
  const words = name.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
