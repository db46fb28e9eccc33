/** Cuts `text` to at most `max` UTF-16 units, ending in an ellipsis when something was cut; never splits a surrogate pair. */
export function truncate(text: string, max: number): string {
  if (text.length <= max) return text;
  if (max < 1) return '';
  let end = max - 1;
  const last = text.charCodeAt(end - 1);
  if (last >= 0xd800 && last <= 0xdbff) end -= 1;
  return `${text.slice(0, end)}…`;
}

/** One line: every run of white space, line breaks included, becomes one space. */
export function singleLine(text: string): string {
  return text.replace(/\s+/gu, ' ').trim();
}

/** Lower-case ASCII words joined by dashes, at most `max` long: part of a channel name. Empty when nothing is left. */
export function slugify(text: string, max: number): string {
  return text
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/gu, '-')
    .slice(0, max)
    .replace(/^-+|-+$/gu, '');
}

/** `1 step`, `2 steps`. */
export function plural(count: number, word: string, words = `${word}s`): string {
  return `${count} ${count === 1 ? word : words}`;
}
