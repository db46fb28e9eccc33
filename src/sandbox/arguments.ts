import type { Json } from '../lib/canonical-json.ts';
import { isObject, type JsonObject, parseJson } from './json.ts';
import type { MethodFacts } from './method-table.ts';
import { Refusal, refusalWithMessages } from './refusal.ts';

/** The arguments of one call after their types were checked. */
export type Arguments = Readonly<Record<string, Json>>;

// WebClient may add these to any call.
const EVERYWHERE: Readonly<Record<string, string>> = { token: 'string', team_id: 'string' };

// files.uploadV2 of @slack/web-api 8.2.0 sends `alt_text` where the reference says `alt_txt`.
const ALIASES: Readonly<Record<string, string>> = { alt_text: 'alt_txt' };

/** What Slack answers when an argument is missing, where that is not `invalid_arguments`. */
const MISSING: Readonly<Record<string, string>> = {
  'conversations.create:name': 'invalid_name_required',
  'conversations.rename:name': 'invalid_name_required',
};

/** What Slack answers when a structured argument cannot be read. */
const UNREADABLE: Readonly<Record<string, string>> = {
  blocks: 'invalid_blocks_format',
  metadata: 'invalid_metadata_format',
  attachments: 'invalid_attachments',
};

/**
 * The arguments of a body. Errors (thrown as `Refusal`): no or unknown content type, a body that is not what it says.
 */
export function decodeBody(contentType: string | undefined, body: Buffer): JsonObject {
  if (body.length === 0) return {};
  if (!contentType) throw new Refusal('missing_post_type');
  const [type = '', ...parameters] = contentType
    .toLowerCase()
    .split(';')
    .map((part) => part.trim());
  if (parameters.some((part) => part.startsWith('charset=') && !/utf-8|iso-8859-1/u.test(part))) {
    throw new Refusal('invalid_charset');
  }
  if (type === 'application/x-www-form-urlencoded') return decodeForm(body.toString('utf8'));
  if (type !== 'application/json') throw new Refusal('invalid_post_type');
  const parsed = parseJson(body.toString('utf8'));
  if (!isObject(parsed)) throw new Refusal('invalid_json');
  return parsed;
}

function decodeForm(text: string): JsonObject {
  const fields: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(text)) {
    if (!/^[a-z_][a-z0-9_]*$/iu.test(name))
      throw new Refusal(name.includes('[') ? 'invalid_array_arg' : 'invalid_arg_name');
    fields[name] = value;
  }
  return fields;
}

/** Checks names, presence and types of the arguments of a call; returns them typed. Errors: Slack's, as `Refusal`. */
export function checkArguments(method: string, facts: MethodFacts, sent: JsonObject): Arguments {
  const kinds = new Map(
    Object.entries(facts.args).map(([name, type]) => [name.replace('?', ''), { type, optional: name.endsWith('?') }]),
  );
  const checked: Record<string, Json> = {};
  for (const [written, value] of Object.entries(sent)) {
    const name = !kinds.has(written) && kinds.has(ALIASES[written] ?? '') ? (ALIASES[written] ?? written) : written;
    const type = kinds.get(name)?.type ?? EVERYWHERE[name];
    // Slack ignores an argument that it does not know; a misspelt one is always a mistake, so it is refused here.
    if (!type) throw refusalWithMessages('invalid_arguments', [`unknown argument: ${name}`]);
    checked[name] = convert(name, type, value);
  }
  const missing = [...kinds].filter(
    ([name, kind]) => !kind.optional && (checked[name] === undefined || checked[name] === ''),
  );
  // An empty text is a value: it clears a topic.
  const absent = missing
    .map(([name]) => name)
    .filter((name) => !['topic', 'purpose'].includes(name) || checked[name] === undefined);
  const [first] = absent;
  if (first === undefined) return checked;
  const special = MISSING[`${method}:${first}`];
  if (special) throw new Refusal(special);
  throw refusalWithMessages(
    'invalid_arguments',
    absent.map((name) => `missing required field: ${name}`),
  );
}

function convert(name: string, type: string, value: Json): Json {
  const converted = CONVERTERS[type]?.(value);
  if (converted !== undefined) return converted;
  const special = UNREADABLE[name];
  if (special) throw new Refusal(special);
  throw refusalWithMessages('invalid_arguments', [`must be a valid ${type}: ${name}`]);
}

const CONVERTERS: Readonly<Record<string, (value: Json) => Json | undefined>> = {
  string: (value) => (typeof value === 'string' ? value : typeof value === 'number' ? String(value) : undefined),
  boolean: (value) =>
    typeof value === 'boolean'
      ? value
      : ['true', '1'].includes(String(value))
        ? true
        : ['false', '0'].includes(String(value))
          ? false
          : undefined,
  number: (value) => (String(value).trim() !== '' && Number.isFinite(Number(value)) ? Number(value) : undefined),
  integer: (value) => (String(value).trim() !== '' && Number.isSafeInteger(Number(value)) ? Number(value) : undefined),
  array: (value) => {
    const list = typeof value === 'string' ? parseJson(value) : value;
    return Array.isArray(list) ? (list as readonly Json[]) : undefined;
  },
  object: (value) => {
    const object = typeof value === 'string' ? parseJson(value) : value;
    return isObject(object) ? object : undefined;
  },
};
