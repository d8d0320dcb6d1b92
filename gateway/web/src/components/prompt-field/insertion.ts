// As the gateway tells phrases apart.
const BOUNDARY = /[,;|\n\r]|[.!?](?=\s|$)|\bBREAK\b/g;
const LONGEST_ASKED = 1000;

/** The phrase that is being typed at the end of a text. */
export function fragment(text: string): string {
  let start = 0;
  for (const match of text.matchAll(BOUNDARY)) start = match.index + match[0].length;
  return text.slice(start).replace(/^[ \t([{<]+/, "");
}

/** What is asked to be completed: enough of the text before the caret to see what it says already. */
export function askedText(before: string): string {
  return before.slice(-LONGEST_ASKED);
}

export interface Insertion {
  /** Where the part begins and ends that the words take the place of. */
  from: number;
  to: number;
  words: string;
}

/** A phrase in place of the one that is being typed at the caret, with a comma after it where more may follow. */
export function completing(text: string, caret: number, phrase: string): Insertion {
  const from = caret - fragment(text.slice(0, caret)).length;
  // The rest of a word that the caret stands in goes too.
  const rest = /^[\p{L}\p{N}'-]*/u.exec(text.slice(caret))?.[0] ?? "";
  const after = text.slice(caret + rest.length);
  return { from, to: caret + rest.length, words: /^\s*[,;.|\n]/.test(after) ? phrase : `${phrase}, ` };
}

/** A phrase put in at the caret, apart from what stands around it. */
export function adding(text: string, caret: number, phrase: string): Insertion {
  const before = text.slice(0, caret);
  const after = text.slice(caret);
  const lead = before.trim() === "" ? "" : /[,;|]\s*$|\n\s*$/.test(before) ? (/\s$/.test(before) ? "" : " ") : ", ";
  const trail = after.trim() === "" || /^\s*[,;.|\n]/.test(after) ? "" : ", ";
  // Spaces before the caret would stand between the words and their comma.
  const from = lead.startsWith(",") ? before.trimEnd().length : caret;
  return { from, to: caret, words: `${lead}${phrase}${trail}` };
}
