// The IDs of stream entries, such as 1718000000000-0: the server's clock in milliseconds, and a number.

/** Whether a text is the ID of an entry. */
export const isID = (text) => typeof text === "string" && /^\d{1,20}(-\d{1,20})?$/.test(text);

/** Whether entry a comes after entry b. Both numbers may be too large for a double. */
export function isAfter(a, b) {
  const [am, as = "0"] = a.split("-"), [bm, bs = "0"] = b.split("-");
  return BigInt(am) === BigInt(bm) ? BigInt(as) > BigInt(bs) : BigInt(am) > BigInt(bm);
}

/** When an entry was added, in milliseconds since the Unix epoch. */
export const timeOf = (id) => (isID(id) ? Number(id.split("-")[0]) : NaN);

/** The time of day, to the millisecond. */
export function clock(milliseconds) {
  const date = new Date(milliseconds);
  if (Number.isNaN(date.getTime())) return "";
  const digits = (number, count = 2) => String(number).padStart(count, "0");
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => digits(part)).join(":");
  return `${time}.${digits(date.getMilliseconds(), 3)}`;
}
