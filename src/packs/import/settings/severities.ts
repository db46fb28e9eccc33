import { cellOf, column, type PlainItem, type PlainTable, type SectionBlocks } from './blocks.ts';
import type { Findings } from './findings.ts';
import { spokenDuration } from './spoken-duration.ts';

const LEVEL = /^(?:level|livello|severity|severit[àa]|gravit[àa]|priority|priorit[àa]|sev|classe)$/iu;
const DEFINITION = /defini|descri|criteri|impact|impatto|meaning|significato|when|quando/iu;
const RESPONSE = /respon|rispost|ack|sla|presa in carico/iu;
const RESOLUTION = /resol|risoluz|ripristin|rto|target|fix/iu;
const EXAMPLES = /example|esemp/iu;
/** The beginning of a level's name: `P1 – Critical`, `SEV2`, `S3`, or a plain word. */
const NAME =
  /^\W*((?:SEV|Sev|sev|P|S|L|Tier|Livello|Level|Priority)[-\s]?\d)\b|^\W*(CRITICAL|HIGH|MAJOR|MEDIUM|MODERATE|MINOR|LOW|WARNING|INFO|CRITICO|CRITICA|ALTO|ALTA|MEDIO|MEDIA|BASSO|BASSA)\b/iu;
const WORDS = [
  'critical|critic[oa]',
  'high|major|alt[oa]',
  'medium|moderate|minor|warning|medi[oa]',
  'low|info|bass[oa]',
].map((words) => new RegExp(`^(?:${words})$`, 'iu'));

type Level = {
  readonly level: string;
  readonly definition: string;
  readonly examples: readonly string[];
  readonly respond: string;
  readonly resolve: string;
  readonly lines: readonly { readonly from: number; readonly to: number }[];
};

/** Severity levels out of a table (`Level | Definition | Response | Resolution`) or of one heading for each level. */
export function readSeverities(all: readonly SectionBlocks[], findings: Findings): void {
  const found =
    all.flatMap((blocks) => blocks.tables.map(fromTable)).find((levels) => levels.length > 1) ?? fromHeadings(all);
  const ranks = found.map(rankOf);
  // A list that does not begin with the worst level, or that nobody can put in order, is left to a person.
  if (found.length < 2 || found.length > 5 || ranks.some((rank, at) => rank === null || rank <= (ranks[at - 1] ?? -1)))
    return;
  for (const [index, item] of found.entries()) add(item, index, findings);
  const rooms = all.find(({ title }) => /war ?room/iu.test(title) && /\(.*\)/u.test(title));
  const named =
    rooms === undefined
      ? []
      : findings.levels().filter((level) => new RegExp(`\\b${level}\\b`, 'iu').test(rooms.title));
  for (const item of findings.parts.severities) {
    if (named.length > 0) item.war_room = named.includes(String(item.level)) ? 'channel' : 'hub-thread';
  }
  if (named.length === 0)
    findings.ask(
      found[0]?.lines[0]?.from ?? 1,
      'war_room of the severities is not stated: say which levels get a channel of their own.',
    );
}

function add(item: Level, index: number, findings: Findings): void {
  const line = item.lines[0]?.from ?? 1;
  const [respond, resolve] = [spokenDuration(item.respond), spokenDuration(item.resolve)];
  for (const [words, read, key] of [
    [item.respond, respond, 'respond'],
    [item.resolve, resolve, 'resolve'],
  ] as const)
    if (words !== '' && read === null)
      findings.ask(line, `${key} of ${item.level} is “${words}” in the source, which is no length of time.`);
  findings.parts.severities.push({
    level: item.level,
    rank: index + 1,
    definition: item.definition,
    ...(item.examples.length === 0 ? {} : { examples: item.examples }),
    ...(respond === null ? {} : { respond }),
    ...(resolve === null ? {} : { resolve }),
    war_room: index < 2 ? 'channel' : index === 2 ? 'hub-thread' : 'none',
  });
  for (const { from, to } of item.lines) findings.take(from, to, 'severities');
}

function levelName(text: string): string | null {
  const found = NAME.exec(text);
  return found === null ? null : (found[1] ?? found[2] ?? '').replaceAll(/\s+/gu, '-');
}

/** Digits or the usual words put levels in order; null for a name that does neither. */
function rankOf({ level }: Level): number | null {
  const digit = /\d/u.exec(level)?.[0];
  if (digit !== undefined) return Number(digit);
  const at = WORDS.findIndex((words) => words.test(level));
  return at < 0 ? null : at;
}

function fromTable(table: PlainTable): Level[] {
  const [level, definition] = [column(table, LEVEL), column(table, DEFINITION)];
  const [response, resolution] = [column(table, RESPONSE), column(table, RESOLUTION)];
  if (
    level === null ||
    definition === null ||
    (response === null && resolution === null && column(table, EXAMPLES) === null)
  )
    return [];
  if (column(table, /^(?:chi|who|contact|contatto|next level|name)$/iu) !== null) return [];
  const rows = table.rows.map((row, at): Level | null => {
    const name = levelName(cellOf(row, level));
    const text = cellOf(row, definition);
    if (name === null || text === '') return null;
    return {
      level: name,
      definition: text,
      examples: cellOf(row, column(table, EXAMPLES))
        .split(/\s*[,;]\s*/u)
        .filter((part) => part !== ''),
      respond: cellOf(row, response),
      resolve: resolution === response ? '' : cellOf(row, resolution),
      lines: [{ from: at === 0 ? table.from : row.line, to: row.line }],
    };
  });
  return rows.includes(null) ? [] : rows.filter((row) => row !== null);
}

/** `#### P0 - Critical` with a list `Impact: … Response Time: … Examples:` below each. */
function fromHeadings(all: readonly SectionBlocks[]): Level[] {
  return all.flatMap((blocks): Level[] => {
    const above = blocks.section.path.slice(0, -1).join(' ');
    const name = levelName(blocks.title);
    if (name === null || !/severit|gravit|priorit|classific/iu.test(above)) return [];
    const fields = blocks.items.map((item) => ({ item, parts: /^([^:]{2,40}):\s*(.*)$/su.exec(item.text) }));
    const field = (title: RegExp): PlainItem | undefined =>
      fields.find(({ parts, item }) => item.depth === 0 && title.test(parts?.[1] ?? ''))?.item;
    const [definition, response, resolution, examples] = [
      field(DEFINITION),
      field(RESPONSE),
      field(RESOLUTION),
      field(EXAMPLES),
    ];
    if (definition === undefined) return [];
    const listed =
      examples === undefined ? [] : blocks.items.filter((item) => item.depth > 0 && item.label === examples.text);
    const used = [definition, response, resolution === response ? undefined : resolution, examples, ...listed].filter(
      (item) => item !== undefined,
    );
    return [
      {
        level: name,
        definition: fieldValue(definition),
        examples:
          listed.length > 0
            ? listed.map(({ text }) => text)
            : fieldValue(examples)
                .split(/\s*[,;]\s*/u)
                .filter((part) => part !== ''),
        respond: fieldValue(response),
        resolve: resolution === response ? '' : fieldValue(resolution),
        lines: used.map(({ from, to }) => ({ from, to })),
      },
    ];
  });
}

function fieldValue(item: PlainItem | undefined): string {
  return (item?.text ?? '').replace(/^[^:]{2,40}:\s*/su, '').trim();
}
