// The page: asks, shows what the log of a conversation says, and leaves and comes back by cursor.

import { askServer, named, snapshotOf, stopRun } from "./api.js";
import { Connection } from "./connection.js";
import { Conversation } from "./conversation.js";
import { Replay } from "./replay.js";
import { brief, details, reasons } from "./words.js";
import { Status } from "./status.js";
import { Timeline } from "./timeline.js";
import { Waterfall } from "./waterfall.js";
import { timeOf } from "./stream-id.js";
import { showApproval } from "./approval.js";
import { follower, frame } from "./frame.js";

const $ = (id) => document.getElementById(id);
const conversation = new Conversation($("turns"));
const timeline = new Timeline($("log"));
const waterfall = new Waterfall($("waterfall"), $("took"));
const status = new Status($("status"), $("announcement"));
const connection = new Connection({ onEvent, onEnd, onChange: show, onRefused });
const replay = new Replay(timeline);
status.connection = connection;
const retryPause = 2000;   // milliseconds
let isAsking = false;
let isDecided = false;     // a person's decision was the newest event

// MARK: What is asked for

async function ask(prompt) {
  if (isAsking || !status.isOver) return;
  isAsking = true;
  status.set("asking");
  show();
  try {
    const run = await askServer(prompt, connection.conversation);
    if (!connection.conversation) forget();
    conversation.begin(prompt);
    $("prompt").value = "";
    status.set("queued");
    // What this conversation said before is on the page already.
    connect(run.conversation_id, connection.cursor);
  } catch (problem) {
    status.set("error", problem.message);
  } finally {
    isAsking = false;
    show();
  }
}

/** Shows a conversation from its beginning: what there is at once, then what comes. */
async function watch(id) {
  forget();
  connection.conversation = id;
  status.set("loading");
  try {
    const snapshot = await snapshotOf(id);
    if (connection.conversation !== id) return;
    restore(snapshot);
    history.replaceState(null, "", "#" + id);
    if (status.isOver) show();
    else connect(id, snapshot.cursor);
  } catch (problem) {
    if (connection.conversation !== id) return;
    if (problem.status && problem.status < 500) return onRefused(problem);
    status.set("loading", "Reconnecting: " + problem.message);
    setTimeout(() => { if (connection.conversation === id && status.phase === "loading") watch(id); }, retryPause);
  }
}

function connect(id, cursor) {
  history.replaceState(null, "", "#" + id);            // so that a reload finds it again
  connection.watch(id, cursor ?? null);
  show();
}

async function stop() {
  $("cancel").disabled = true;
  try {
    await stopRun(connection.conversation);
    if (connection.state === "left") resume();         // the stream then ends by itself, with an event that says so
  } catch (problem) {
    timeline.note(problem.message);
    draw();
    show();
  }
}

function leave() {
  connection.leave();
  timeline.note(`You left after ${connection.cursor ?? "nothing"}. The agent goes on.`);
  draw();
}

function resume() {
  replay.begin(connection.cursor);
  connection.resume();
}

/** An empty page, and a conversation that the next prompt names. */
function forget() {
  connection.end();
  Object.assign(connection, { conversation: null, cursor: null, count: 0 });
  conversation.clear();
  timeline.clear();
  waterfall.clear();
  replay.end();
  history.replaceState(null, "", location.pathname);
  status.set("idle");
  show();
}

// MARK: What arrives

function onEvent(name, id, data) {
  replay.count(id, name === "message" ? data : "");
  status.heard();
  if (name === "message") {
    conversation.append(id, data);
    timeline.addText(id, data);
    waterfall.text(timeOf(id));
    if (status.phase !== "writing") status.set("writing");
  } else {
    timeline.add({ id, name, data });
    waterfall.take(name, timeOf(id), details(data));
    follow(name, details(data));
  }
  draw();
}

/** What an event means for the conversation and for the state of the run. */
function follow(name, given) {
  if (name === "task_started") conversation.started(given.message);
  showApproval(name, given, conversation.last);
  if (name === "attempt") return takeBack(given);
  isDecided = name === "approval_decided";
  if (name === "gap") return void watch(connection.conversation);
  if (name === "progress" && given.status === "queued") return status.set("queued");
  if (name === "approval_requested") return status.set("waiting");
  if (name.startsWith("task_") && name !== "task_started") return;
  if (name === "progress" && status.phase === "lost") return;     // until the next worker has something to show
  status.set("thinking", given.action === "call" && given.tool ? `Thinking: calls ${brief(given.tool)}` : "");
}

function takeBack({ attempt, last_valid_id: lastValid, cause }) {
  // After a decision the run goes on in a new attempt, and no worker was lost.
  if (!isDecided) status.attempt(attempt);
  status.set(isDecided ? "thinking" : "lost", isDecided ? "" : reasons[cause]);
  if (!conversation.takeBack(lastValid)) watch(connection.conversation);
}

function onEnd(name, id, data) {
  const wasStopped = timeline.newest === "task_cancelled";
  waterfall.end(timeOf(id));
  waterfall.draw();
  if (name === "done") status.set("done");
  else status.set(wasStopped ? "cancelled" : "failed");
  if (name !== "done") conversation.conclude(wasStopped ? "stopped" : "bad", data);
  draw();
  show();
}

/** The server will not send this stream, however often it is asked. */
function onRefused(problem) {
  // The log was trimmed behind the cursor: what is left of it can still be shown.
  if (problem.status === 410 && connection.cursor) return void watch(connection.conversation);
  connection.end();
  status.set("error", problem.message);
  show();
}

/** Shows what the log holds so far. */
function restore({ turns = [], events = [], status: state, text, cursor }) {
  for (const turn of turns) conversation.begin(turn.prompt, turn.text ?? "", cursor);
  if (!turns.length && text) conversation.begin(undefined, text, cursor);
  const newest = turns.at(-1);
  timeline.note(`Loaded a snapshot: ${text?.length ?? 0} characters, ${events.length} events, up to ${cursor}.`);
  let firstText = newest?.first_text_at ?? Infinity;
  for (const { id, type, time, data, run, ...rest } of events) {
    timeline.add({ id, name: type, data: data ?? rest, time });
    if (time > firstText) { waterfall.text(firstText); firstText = Infinity; }
    waterfall.take(type, timeOf(id), details(data));     // as a stream tells it
    showApproval(type, details(data), conversation.turns.at(run - 1 - events.at(-1).run) ?? null);
  }
  if (firstText < Infinity) waterfall.text(firstText);
  connection.cursor = cursor ?? null;
  const ends = { completed: "done", failed: "failed", cancelled: "cancelled", expired: "error" };
  if (ends[state]) status.set(ends[state], state === "expired" ? "This conversation has expired." : "");
  else if (state === "queued" || state === "waiting") status.set(state);
  else if (document.querySelector(".approval:not(.settled)")) status.set("waiting");
  else status.set(newest?.text ? "writing" : "thinking");
  if (newest?.error) conversation.conclude(state === "cancelled" ? "stopped" : "bad", newest.error);
  draw();
}

// MARK: What is shown

const draw = frame((isLate) => {
  const follow = follower($("answer"), $("turns"), $("composer"));
  conversation.draw(isLate);
  timeline.draw();
  waterfall.draw();
  follow();
  show();
  return conversation.isBehind || timeline.isBehind;
});

function show() {
  const isOpen = !status.isOver && connection.conversation !== null, isAway = connection.state === "left";
  $("conversation").textContent = connection.conversation ?? "–";
  $("cursor").textContent = connection.cursor ?? "–";
  $("connections").textContent = String(connection.count);
  $("count").textContent = timeline.count === 1 ? "1 event" : `${timeline.count} events`;
  $("toggle").textContent = isAway ? "Resume" : "Disconnect";
  $("toggle").disabled = !isOpen;
  $("cancel").disabled = !isOpen || connection.state === "closed";
  $("send").disabled = isAsking || !status.isOver;
  $("fresh").disabled = isAsking || !connection.conversation;
  $("viewer").disabled = !connection.conversation;
  $("welcome").hidden = conversation.turns.length > 0 || !status.isOver;
  $("answer").setAttribute("aria-busy", String(isOpen || conversation.isBehind));
  document.body.dataset.timeline = timeline.count ? "filled" : "empty";
  status.show();
}

// MARK: What people do

function openNamed() {
  if (named() && named() !== connection.conversation) watch(named());
  else if (!named() && location.hash.length > 1) {
    forget();
    status.set("error", "The address names no conversation. Ask something.");
  }
}

$("form").addEventListener("submit", (event) => { event.preventDefault(); ask($("prompt").value); });
$("prompt").addEventListener("keydown", (event) => {
  // Enter also ends the choosing of a character in an input method; that must not send anything.
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  if (!$("send").disabled) $("form").requestSubmit();
});
$("welcome").addEventListener("click", ({ target }) => { if (target.closest("button")) ask(target.textContent); });
document.addEventListener("keydown", (event) => { if (event.key === "Escape") $("prompt").focus(); });
$("cancel").addEventListener("click", stop);
$("fresh").addEventListener("click", () => { forget(); $("prompt").focus(); });
$("toggle").addEventListener("click", () => (connection.state === "left" ? resume() : leave()));
$("viewer").addEventListener("click", () => open(location.href, "_blank", "noopener,popup,width=560,height=720"));
addEventListener("hashchange", openNamed);
openNamed();
show();
