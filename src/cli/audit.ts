import {
  CHAINED_WITHIN_MS,
  findHead,
  findLink,
  findPositionBefore,
  listAnchors,
  listUnchained,
  readChain,
} from '../db/audit-chain.ts';
import { reading } from '../db/transaction.ts';
import { type Anchor, type AuditFault, ChainWalk } from '../domain/audit.ts';
import { plural } from '../lib/text.ts';
import { type Installation, withInstallation } from './open-database.ts';
import { readOptions } from './options.ts';
import type { Terminal, Verb } from './verb.ts';

/** More faults than that say nothing new. */
const FAULTS_SHOWN = 20;

/** `warroom audit`: proves that nothing in the audit log was altered, and hands it out. */
export const auditVerb: Verb = {
  name: 'audit',
  summary: 'Verifies or exports the audit log.',
  usage: [
    'warroom audit verify [--json]                 every entry, link and anchor; exit code 1 when something was altered',
    'warroom audit verify --since=2026-01-31       from the first entry of that day (or instant) on',
    'warroom audit verify --anchor=4711:9f86d08…   against a head that was said in the hub: position, then its hash or how it begins',
    'warroom audit export [--since=…]              one entry a line as JSON: {"position","hash","id","at","actor","action","incident","run","data"}',
    'the database is that of DATABASE_URL, or the embedded one below WARROOM_HOME, also while the bot runs',
  ],
  run,
};

type Options = {
  readonly verb: 'verify' | 'export';
  readonly json: boolean;
  readonly since: Date | null;
  readonly anchor: Anchor | null;
};

async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  const options = parse(args);
  if (typeof options === 'string') {
    terminal.complain(options);
    return 2;
  }
  return withInstallation(terminal, (installation) =>
    options.verb === 'verify' ? verify(installation, options, terminal) : exportLog(installation, options, terminal),
  );
}

function parse(args: readonly string[]): Options | string {
  const [verb, ...rest] = args;
  if (verb !== 'verify' && verb !== 'export')
    return 'Say what to do: `warroom audit verify` or `warroom audit export`.';
  const verifying = verb === 'verify';
  const valued = verifying ? ['--since', '--anchor'] : ['--since'];
  const read = readOptions(rest, { verb: 'audit', valued, flags: verifying ? ['--json'] : [] });
  if (typeof read === 'string') return read;
  if (read.words.length > 0) return `warroom audit ${verb} takes no words.`;
  const since = parseSince(read.options.get('--since'));
  const anchor = parseAnchor(read.options.get('--anchor'));
  if (since === undefined)
    return 'Write --since as a day or an instant, such as --since=2026-01-31 or --since=2026-01-31T10:00:00Z.';
  if (anchor === undefined) return 'Write --anchor as position:hash, as the message in the hub says it.';
  return { verb, json: read.options.has('--json'), since, anchor };
}

/** Null where none was given, undefined where it cannot be read. */
function parseSince(text: string | undefined): Date | null | undefined {
  if (text === undefined) return null;
  const since = new Date(text);
  return /^\d{4}-\d\d-\d\d/u.test(text) && !Number.isNaN(since.getTime()) ? since : undefined;
}

/** Null where none was given, undefined where it cannot be read. */
function parseAnchor(text: string | undefined): Anchor | null | undefined {
  if (text === undefined) return null;
  const [, position, hash] = /^(\d{1,15}):([0-9a-f]{8,64})$/u.exec(text) ?? [];
  return position === undefined || hash === undefined ? undefined : { position: Number(position), hash };
}

async function verify({ pool }: Installation, options: Options, terminal: Terminal): Promise<number> {
  const started = performance.now();
  const db = reading(pool);
  const after = options.since === null ? 0 : await findPositionBefore(db, options.since);
  const before = after === 0 ? undefined : ((await findLink(db, after)) ?? undefined);
  const anchors = await listAnchors(db);
  // Read before the walk: what is chained meanwhile is not missing.
  const last = await findHead(db);
  const walk = new ChainWalk(anchors, before);
  const faults: AuditFault[] = [];
  let links = 0;
  for await (const link of readChain(pool, after)) {
    links += 1;
    faults.push(...walk.feed(link));
  }
  faults.push(...lostEntries(walk.head, last), ...(await lostAnchors(anchors, await findHead(db))));
  for (const entry of await listUnchained(db, CHAINED_WITHIN_MS)) {
    const sentence = `Entry ${entry} was never chained: it was slipped in beside Warroom, or no Warroom runs.`;
    faults.push({ kind: 'unchained', position: null, entry, sentence });
  }
  if (options.anchor) faults.push(...(await compareAnchor(db, options.anchor)));
  const seconds = Math.round(performance.now() - started) / 1_000;
  report({ links, anchors: anchors.length, faults, head: walk.head, seconds }, options, terminal);
  return faults.length === 0 ? 0 : 1;
}

type Found = { links: number; anchors: number; faults: readonly AuditFault[]; head: Anchor; seconds: number };

function report(found: Found, options: Options, terminal: Terminal): void {
  if (options.json) {
    terminal.write(JSON.stringify(found));
    return;
  }
  for (const fault of found.faults.slice(0, FAULTS_SHOWN)) terminal.write(`✗ ${fault.sentence}`);
  const more = found.faults.length - FAULTS_SHOWN;
  if (more > 0) terminal.write(`… and ${plural(more, 'more fault')}; --json names them all.`);
  const what = `${plural(found.links, 'entry', 'entries')} and ${plural(found.anchors, 'anchor')} in ${found.seconds} s`;
  const head = `head ${found.head.position}:${found.head.hash}`;
  terminal.write(
    found.faults.length === 0
      ? `The audit log is unaltered: ${what}, ${head}`
      : `The audit log was altered: ${plural(found.faults.length, 'fault')} in ${what}, ${head}`,
  );
}

/** Links at the end of the chain whose entries are gone: the walk never comes to them. */
function lostEntries(walked: Anchor, last: Anchor): AuditFault[] {
  if (walked.position >= last.position) return [];
  const sentence = `The entries of links ${walked.position + 1} to ${last.position} are missing: the end of the audit log was removed.`;
  return [{ kind: 'gap', position: walked.position + 1, entry: null, sentence }];
}

/** Anchors that stand behind the end of the chain: its end was cut off. */
async function lostAnchors(anchors: readonly Anchor[], head: Anchor): Promise<AuditFault[]> {
  return anchors
    .filter(({ position }) => position > head.position)
    .map(({ position }) => ({
      ...{ kind: 'anchor' as const, position, entry: null },
      sentence: `Link ${position} was said in the hub and is gone: the end of the audit log was cut off.`,
    }));
}

async function compareAnchor(db: ReturnType<typeof reading>, anchor: Anchor): Promise<AuditFault[]> {
  const link = await findLink(db, anchor.position);
  if (link?.hash.startsWith(anchor.hash)) return [];
  const sentence = link
    ? `Link ${anchor.position} has the hash ${link.hash}, not the one you gave: the chain was written anew.`
    : `There is no link ${anchor.position}: the end of the audit log was cut off.`;
  return [{ kind: 'anchor', position: anchor.position, entry: null, sentence }];
}

async function exportLog({ pool }: Installation, options: Options, terminal: Terminal): Promise<number> {
  const after = options.since === null ? 0 : await findPositionBefore(reading(pool), options.since);
  for await (const { position, hash, entry } of readChain(pool, after))
    terminal.write(JSON.stringify({ position, hash, ...entry, data: JSON.parse(entry.data) as unknown }));
  return 0;
}
