import { isSurelyCommand, programOf } from './recognise.ts';

/** A prompt and what stands behind it; `language` says what reads the line. */
export type Prompted = {
  readonly text: string;
  readonly language: 'sh' | 'sql' | 'redis' | 'other';
  readonly root: boolean;
};

const SHELL = [
  /^\s*(?:\([\w.-]+\)\s*)?(?:\$|❯|➜|%)\s+(?=\S)/u,
  /^\s*(?:\([\w.-]+\)\s*)?[\w.-]+@[\w.-]+(?:[:\s][^$#%>|]{0,80})?[$#%>]\s+(?=\S)/u,
  /^\s*\[[\w.-]+@[^\]]{1,80}\]\s*[$#%]\s*(?=\S)/u,
  /^\s*(?:bash|sh|ksh)-[\d.]+[$#]\s*(?=\S)/u,
  /^\s*(?:~|\/[\w/.-]*)\s*[$#]\s+(?=\S)/u,
];
const SQL = /^\s*(?:(?:mysql|MariaDB \[[^\]]*\]|sqlite|psql|clickhouse :\))>|[a-z_][\w-]*(?:=[#>*]|-[#>]))\s+(?=\S)/u;
const REDIS = /^\s*(?:redis|(?:\d{1,3}\.){3}\d{1,3}:\d{2,5}|localhost:\d{4,5}|redis [\w.:-]+)(?:\[\d+\])?>\s+(?=\S)/u;
const OTHER =
  /^\s*(?:>>>|\.\.\.|In \[\d+\]:|irb\([^)]*\)[^>]*>|pry\([^)]*\)>|\[\d+\] pry\S*>|PS(?: [A-Z]:[^>]*)?>|[A-Z]:\\[^>]*>|mongo(?:sh)?>|rs\d+:\w+>|cqlsh(?::\w+)?>|ftp>|gcloud>)\s+(?=\S)/u;

/** Reads the prompt of a transcript's line; null for a line without one. `# ` is told apart by its neighbours: see `split-code.ts`. */
export function readPrompt(line: string): Prompted | null {
  if (line.length > 5_000) return null;
  for (const pattern of SHELL) {
    const match = pattern.exec(line);
    if (match) return { text: line.slice(match[0].length), language: 'sh', root: match[0].includes('#') };
  }
  const host = HOST.exec(line);
  if (host !== null && isHostPrompt(host[1] ?? '', host[2] ?? '', line.slice(host[0].length)))
    return { text: line.slice(host[0].length), language: 'sh', root: host[2] === '#' };
  const other = [
    [REDIS, 'redis'],
    [SQL, 'sql'],
    [OTHER, 'other'],
  ] as const;
  for (const [pattern, language] of other) {
    const match = pattern.exec(line);
    if (match) return { text: line.slice(match[0].length), language, root: false };
  }
  return null;
}

const HOST = /^\s*([a-z][\w.-]{1,60})\s+([$#])\s+(?=\S)/u;

/** `db-01-shop $ df -h`, `laptop $ ssh db-01`: a name that is no program. Behind `#` the rest has to be a command, else it is a comment. */
function isHostPrompt(name: string, sign: string, rest: string): boolean {
  if (programOf(name) !== null) return false;
  const numbered = /[-.]/u.test(name) && /\d/u.test(name);
  const command = isSurelyCommand(rest) || /^[A-Za-z_]\w*=/u.test(rest);
  return sign === '#' ? numbered && command : numbered || command;
}
