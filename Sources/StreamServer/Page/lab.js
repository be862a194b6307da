// The instructor's panel: what Redis holds, the commands going by, and what can be broken. Only with `serve --lab`.

import { refusal } from "./connection.js";
import { authorized } from "./token.js";
import { visible } from "./inline.js";

const $ = (id) => document.getElementById(id);
const pause = 1000;        // milliseconds between two looks
const longestFeed = 200;
let known = 0;             // the number of the newest command on the page

document.querySelector("main").classList.add("lab");

async function look() {
  if (!document.hidden) {
    try {
      const reply = await authorized(`/api/lab?after=${known}`);
      if (reply.ok) show(await reply.json());
      else say((await refusal(reply)).message);
    } catch {
      say("The server does not answer.");
    }
  }
  setTimeout(look, pause);
}

async function act(path, button) {
  button.disabled = true;
  try {
    const reply = await authorized(path, { method: "POST" });
    say(reply.ok ? "" : (await refusal(reply)).message);
  } catch {
    say("The server does not answer.");
  } finally {
    button.disabled = false;
  }
}

function say(text) { $("lab-said").textContent = text; }

function show({ workers, redis_up: isUp, streams, dead_letters: dead, commands }) {
  $("lab-redis").textContent = isUp ? "Redis is up" : "Redis is down";
  $("lab-redis").dataset.state = isUp ? "good" : "bad";
  $("lab-dead").textContent = String(dead);
  showWorkers(workers);
  $("lab-streams").replaceChildren(...streams.sort((a, b) => b.length - a.length).flatMap(rows));
  const feed = $("lab-commands"), isAtEnd = feed.scrollHeight - feed.scrollTop - feed.clientHeight < 40;
  feed.append(...commands.map(({ text }) => element("li", "", visible(text))));
  while (feed.childElementCount > longestFeed) feed.firstElementChild.remove();
  if (commands.length) known = commands.at(-1).number;
  if (isAtEnd) feed.scrollTop = feed.scrollHeight;
}

/** The list is changed only where a worker changed, so that a button under the pointer stays where it is. */
function showWorkers(workers) {
  const list = $("lab-workers");
  for (const { process, state } of workers) {
    let item = list.querySelector(`[data-process="${process}"]`);
    if (item?.dataset.state === state) continue;
    const next = worker(process, state);
    if (item) item.replaceWith(next);
    else list.append(next);
  }
}

function worker(process, state) {
  const item = element("li");
  Object.assign(item.dataset, { process, state });
  item.append(element("span", "name", `Worker ${process}`), element("span", "state", state));
  if (state === "dead") return item;
  for (const [name, title] of [[state === "paused" ? "resume" : "pause", ""], ["kill", "SIGKILL: no clean-up"]]) {
    const button = element("button", "", name[0].toUpperCase() + name.slice(1));
    button.type = "button";
    button.title = title;
    button.setAttribute("aria-label", `${button.textContent} worker ${process}`);
    button.addEventListener("click", () => act(`/api/lab/workers/${process}/${name}`, button));
    item.append(button);
  }
  return item;
}

/** A stream, and below it the consumers of its groups. */
function rows({ key, length, groups }) {
  const pending = groups.reduce((sum, group) => sum + group.pending, 0);
  const row = (kind, ...cells) => {
    const node = element("tr", kind);
    node.append(...cells.map((text) => element("td", "", visible(String(text)))));
    return node;
  };
  // What follows the colon tells workers with the same process ID on two machines apart.
  const consumers = Object.entries(Object.assign({}, ...groups.map((group) => group.consumers)));
  return [
    row("", key, length, groups.length ? pending : "–"),
    ...consumers.map(([name, count]) => row("consumer", name.split(":")[0], "", count)),
  ];
}

function element(name, kind = "", text = "") {
  const node = document.createElement(name);
  if (kind) node.className = kind;
  if (text) node.textContent = text;
  return node;
}

$("lab-start").addEventListener("click", ({ target }) => act("/api/lab/workers", target));
$("lab-restart").addEventListener("click", ({ target }) => act("/api/lab/redis/restart", target));
look();
