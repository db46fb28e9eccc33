const CLOCK: Intl.DateTimeFormatOptions = { hour: 'numeric', minute: '2-digit' };

/** The moment of a Slack timestamp such as `1754990000.000100`. */
export function dateOf(ts: string): Date {
  return new Date(Number(ts) * 1_000);
}

/** `2:39 PM`. */
export function clockTime(date: Date): string {
  return date.toLocaleTimeString('en-US', CLOCK);
}

/** `Tuesday, August 12th`, or Today and Yesterday. `now` is in milliseconds. */
export function dayName(date: Date, now: number): string {
  const relative = relativeDay(date, now);
  if (relative !== null) return relative;
  const weekday = date.toLocaleDateString('en-US', { weekday: 'long' });
  const month = date.toLocaleDateString('en-US', { month: 'long' });
  const year = date.getFullYear() === new Date(now).getFullYear() ? '' : `, ${date.getFullYear()}`;
  return `${weekday}, ${month} ${ordinal(date.getDate())}${year}`;
}

/** A key that is the same for two moments of one day, in the reader's time zone. */
export function dayKey(date: Date): string {
  return `${date.getFullYear()}-${date.getMonth()}-${date.getDate()}`;
}

/** `3 hours ago`. `now` is in milliseconds. */
export function ago(date: Date, now: number): string {
  const minutes = Math.max(0, Math.round((now - date.getTime()) / 60_000));
  if (minutes < 1) return 'just now';
  if (minutes < 60) return plural(minutes, 'minute');
  if (minutes < 60 * 24) return plural(Math.round(minutes / 60), 'hour');
  return plural(Math.round(minutes / 1_440), 'day');
}

/**
 * Fills the tokens of Slack's `<!date^…>`: `{date_num}`, `{date}`, `{date_short}`, `{date_long}` (each also `_pretty`),
 * `{time}`, `{time_secs}`, `{ago}`. An unknown token stays as it is. `now` is in milliseconds.
 */
export function formatSlackDate(seconds: number, format: string, now: number): string {
  const date = new Date(seconds * 1_000);
  return format.replace(/\{(\w+)\}/g, (token: string, name: string) => {
    const pretty = name.endsWith('_pretty') ? relativeDay(date, now) : null;
    return pretty?.toLowerCase() ?? dateToken(date, name.replace(/_pretty$/, ''), now) ?? token;
  });
}

function dateToken(date: Date, name: string, now: number): string | null {
  switch (name) {
    case 'date_num':
      return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
    case 'date':
      return `${date.toLocaleDateString('en-US', { month: 'long' })} ${ordinal(date.getDate())}, ${date.getFullYear()}`;
    case 'date_short':
      return date.toLocaleDateString('en-US', { month: 'short', day: 'numeric', year: 'numeric' });
    case 'date_long':
      return `${date.toLocaleDateString('en-US', { weekday: 'long' })}, ${dateToken(date, 'date', now)}`;
    case 'time':
      return clockTime(date);
    case 'time_secs':
      return date.toLocaleTimeString('en-US', { ...CLOCK, second: '2-digit' });
    case 'ago':
      return ago(date, now);
    default:
      return null;
  }
}

function relativeDay(date: Date, now: number): string | null {
  const key = dayKey(date);
  if (key === dayKey(new Date(now))) return 'Today';
  if (key === dayKey(new Date(now - 86_400_000))) return 'Yesterday';
  return key === dayKey(new Date(now + 86_400_000)) ? 'Tomorrow' : null;
}

function plural(count: number, unit: string): string {
  return `${count} ${unit}${count === 1 ? '' : 's'} ago`;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

function ordinal(day: number): string {
  if (day >= 11 && day <= 13) return `${day}th`;
  return `${day}${['th', 'st', 'nd', 'rd'][day % 10] ?? 'th'}`;
}
