// The token of a server that asks for one: kept for this tab, and sent with every request of the page.

const name = "token";
let hasDeclined = false;

/** Sends a request; where the server asks for a token, the person is asked for it, once. */
export async function authorized(path, options = {}) {
  const sent = sessionStorage.getItem(name);
  const reply = await fetch(path, withToken(options));
  if (reply.status !== 401) return reply;
  // Another request may have asked meanwhile.
  if (sessionStorage.getItem(name) !== sent) return fetch(path, withToken(options));
  if (hasDeclined) return reply;
  const token = prompt("This server asks for a token:")?.trim();
  hasDeclined = !token;
  if (hasDeclined) return reply;
  sessionStorage.setItem(name, token);
  return fetch(path, withToken(options));
}

function withToken(options) {
  const token = sessionStorage.getItem(name);
  return token ? { ...options, headers: { ...options.headers, Authorization: `Bearer ${token}` } } : options;
}

/** Whether streams need {@link sign}: an EventSource cannot send a token. */
export const hasToken = () => sessionStorage.getItem(name) !== null;

/** Makes the address of a conversation's stream one that can be opened without a token for some minutes. */
export async function sign(url, conversation) {
  const reply = await authorized(`/api/runs/${encodeURIComponent(conversation)}/link`, { method: "POST" });
  if (!reply.ok) return;
  const link = new URL((await reply.json()).stream, url);
  for (const [key, value] of link.searchParams) url.searchParams.set(key, value);
}
