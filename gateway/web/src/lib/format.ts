const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto", style: "short" });
const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

/** "3 min. ago", for a time at or before `now` (milliseconds since the epoch). */
export function ago(time: string, now: number): string {
  const seconds = Math.max(0, (now - Date.parse(time)) / 1000);
  if (!Number.isFinite(seconds)) return "";
  if (seconds >= 7 * 86_400) return new Date(time).toLocaleDateString(undefined, { dateStyle: "medium" });
  for (const [unit, size] of STEPS) {
    if (seconds >= size) return relative.format(-Math.floor(seconds / size), unit);
  }
  return "just now";
}

/** "0.4 s", "12 s", "3 min 05 s", "2 h 10 min". */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds < 0) return "";
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
  return `${Math.floor(whole / 3600)} h ${String(Math.floor((whole % 3600) / 60)).padStart(2, "0")} min`;
}

/** "812 B", "14.2 kB", "3.1 MB". */
export function bytes(size: number): string {
  if (size < 1000) return `${size} B`;
  const units = ["kB", "MB", "GB", "TB"];
  let value = size / 1000;
  let unit = 0;
  while (value >= 999.95 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value.toFixed(1)} ${units[unit]}`;
}

const whole = new Intl.NumberFormat("en");
const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const cents = new Intl.NumberFormat("en", { style: "currency", currency: "USD" });
const fractions = new Intl.NumberFormat("en", { style: "currency", currency: "USD", maximumSignificantDigits: 2 });

/** "12,345". */
export function wholeNumber(value: number): string {
  return whole.format(value);
}

/** "812", "12.3K", "4M": for axes and summaries. */
export function shortNumber(value: number): string {
  return compact.format(value);
}

/** US dollars: "$1,234.50"; below a cent "$0.0042", since single answers cost that little. */
export function dollars(value: number): string {
  if (value === 0 || value >= 0.01) return cents.format(value);
  return value < 0.000001 ? "< $0.000001" : fractions.format(value);
}

/** "diffusion.text_to_image" → "Text to image". */
export function kindLabel(kind: string): string {
  const words = (kind.split(".").pop() ?? kind).replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export function clockTime(time: string): string {
  return new Date(time).toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
}

export function dateTime(time: string): string {
  return new Date(time).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });
}

/** A text that names something, or another if nothing of it can be seen: people paste blanks and control characters. */
export function named(text: string, otherwise: string): string {
  return /[^\p{C}\p{Z}\p{M}]/u.test(text) ? text.trim() : otherwise;
}

/** What a conversation is called; it has no title of its own until its first message. */
export function conversationTitle(conversation: { title: string } | null | undefined): string {
  return named(conversation?.title ?? "", "New conversation");
}

/** Words as a sentence: "it has no models" → "It has no models." */
export function sentence(words: string): string {
  const text = words.trim();
  if (text === "") return "";
  return text.charAt(0).toUpperCase() + text.slice(1) + (/[.!?…]$/.test(text) ? "" : ".");
}
