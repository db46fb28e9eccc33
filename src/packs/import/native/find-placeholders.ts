import { holdsMarks, type MarkedText, markOf, type Placeholder, type PlaceholderForm } from './marks.ts';
import { paramName, paramOf } from './param-types.ts';
import { type QuoteState, quoteStates } from './quote-states.ts';
import { isShellVariable, ownNames } from './shell-variables.ts';

/** What kind of text placeholders are looked for in. */
export type PlaceholderLanguage = 'sh' | 'sql' | 'promql' | 'http' | 'redis';

type Place = {
  readonly text: string;
  readonly language: PlaceholderLanguage;
  readonly program: string;
  readonly states: readonly QuoteState[];
};
type Candidate = {
  readonly start: number;
  readonly end: number;
  readonly form: PlaceholderForm;
  readonly written: string;
  readonly fallback: string | null;
};
type Finder = (place: Place) => Candidate[];

/** In this order: what an earlier one found is no longer looked at. */
const FINDERS: readonly Finder[] = [labels, angles, variables, braces, yours, crosses, brackets, identifiers];

/**
 * Marks the places where a reader has to put something in: `<pod>`, `$NAME`, `${NAME}`, `{id}` in an address, `{{ $labels.pod }}`,
 * `your-x`, `xxx`, `[POD_NAME]`. What only looks like one stays: redirections, here-documents, Go templates, jsonpath, awk's `$1`,
 * variables that the script sets itself, selectors of PromQL.
 */
export function markPlaceholders(text: string, language: PlaceholderLanguage): MarkedText {
  if (holdsMarks(text)) return { text, placeholders: [], notes: [] };
  const states = language === 'sh' ? quoteStates(text) : [...text].flatMap((char) => Array(char.length).fill('plain'));
  const place: Place = { text, language, states, program: programOf(text, language) };
  const notes: string[] = [];
  const taken: Candidate[] = [];
  for (const find of FINDERS)
    for (const candidate of find(place)) {
      if (taken.some((other) => candidate.start < other.end && other.start < candidate.end)) continue;
      const objection = objectionTo(candidate, place);
      if (objection === null) taken.push(candidate);
      else if (objection !== '') notes.push(objection);
    }
  return {
    ...replace(
      place,
      taken.sort((a, b) => a.start - b.start),
    ),
    notes,
  };
}

function programOf(text: string, language: PlaceholderLanguage): string {
  if (language !== 'sh') return language;
  return (
    /(?:^|[\s;|&(])(?:\/\S*\/)?(kubectl|oc|k|helm|istioctl|virtctl|redis-cli|psql)\s/u.exec(text)?.[1] ??
    /^\s*(\S+)/u.exec(text)?.[1] ??
    ''
  );
}

/** Why a candidate stays as it is: empty when it simply is none. */
function objectionTo({ start, written, form }: Candidate, { states, text }: Place): string | null {
  if (paramName(written) === '') return '';
  const state = states[start];
  if (state === 'comment') return '';
  if (form === 'variable') return state === 'single' || state === 'ansi' || state === 'literal-heredoc' ? '' : null;
  const shown = text.slice(start, start + 40).split('\n')[0] ?? '';
  if (state === 'literal-heredoc')
    return `\`${shown}\` stands in a here-document that the shell does not fill: write the value out.`;
  return state === 'arithmetic' ? `\`${shown}\` stands in arithmetic: write the value out.` : null;
}

function replace({ text, program }: Place, found: readonly Candidate[]): Omit<MarkedText, 'notes'> {
  const placeholders: Placeholder[] = [];
  const own = ownNames(text);
  let [marked, at] = ['', 0];
  for (const { start, end, form, written, fallback } of found.slice(0, 900)) {
    const name = paramName(written);
    const free = form !== 'variable' && own.has(name) ? `${name}_given` : name;
    marked += text.slice(at, start) + markOf(placeholders.length);
    placeholders.push({ form, source: text.slice(start, end), param: paramOf(free, written, { program, fallback }) });
    at = end;
  }
  return { text: marked + text.slice(at), placeholders };
}

function matches(
  text: string,
  pattern: RegExp,
  read: (match: RegExpExecArray) => Omit<Candidate, 'start' | 'end'> | null,
): Candidate[] {
  return [...text.matchAll(pattern)].flatMap((match) => {
    const found = read(match);
    return found === null ? [] : [{ ...found, start: match.index, end: match.index + match[0].length }];
  });
}

function plain(form: PlaceholderForm, written: string): Omit<Candidate, 'start' | 'end'> {
  return { form, written, fallback: null };
}

function labels({ text }: Place): Candidate[] {
  return matches(text, /\{\{-?\s*\$labels\.(\w+)\s*-?\}\}/gu, (match) => plain('label', match[1] ?? ''));
}

const HTML =
  /^(?:none|snip|nil|unknown|pending|empty|null|invalid|details|summary|pre|br|p|b|i|em|strong|tr|td|th|div|span|img|ul|li|ol|h[1-6]|html|kbd|sub|sup)$/iu;

/** `<pod>`, `<your token>`; not `<input.txt >out`, `<in>out`, `<<EOF`, `<(…)`, and nothing in a text that holds markup. */
function angles({ text, states }: Place): Candidate[] {
  if (/<\/[a-z]/iu.test(text)) return [];
  const pattern = /(?<!<)<([A-Za-z][\w-]*(?:[ ./:|,]+(?!\/)[\w-]+){0,7})>/gu;
  return matches(text, pattern, (match) => {
    const after = text.slice(match.index + match[0].length);
    const before = text[match.index - 1] ?? ' ';
    const redirects =
      states[match.index] === 'plain' &&
      /\s/u.test(before) &&
      /^(?:[A-Za-z0-9&~$"']|\/(?:dev|tmp|var|etc)\/|\.\.?\/|>|\s+\S+\.(?:txt|log|out|json|sql)\b)/u.test(after);
    return redirects || HTML.test(match[1] ?? '') ? null : plain('angle', match[1] ?? '');
  });
}

/** Plain expansions alone: `${x%…}` is computed by the shell. `${x:-word}` brings its own value along. */
function variables({ text, language }: Place): Candidate[] {
  if (language !== 'sh' && language !== 'promql' && language !== 'http') return [];
  const own = ownNames(text);
  const pattern = /(?<!\\)(?:\\\\)*\$(?:\{([A-Za-z_]\w*)(?::-([\w./:@%+=-]*))?\}|([A-Za-z_]\w*))/gu;
  return matches(text, pattern, (match) => {
    const name = match[1] ?? match[3] ?? '';
    if (match[0][0] === '\\' || own.has(name) || isShellVariable(name) || name.startsWith('__')) return null;
    if (splitsOrRuns(text, match.index)) return null;
    return { form: 'variable', written: name, fallback: match[2] ?? null };
  });
}

/** A variable that holds a list, options or a command is no single argument: `for x in $LIST`, `$CMD get`, `curl $OPTS`. */
function splitsOrRuns(text: string, at: number): boolean {
  const whole = text.replaceAll('\\\n', '  '); // of the same length
  const line = whole.slice(whole.lastIndexOf('\n', at) + 1, at);
  if (/\bfor\s+\w+\s+in\s[^;]*$/u.test(line) && !/["']$/u.test(line)) return true;
  if (/^\s*$|(?:[;|(]|&&|\b(?:then|do|else|sudo|xargs|watch|time|exec))\s*$/u.test(line)) return true;
  return /^\$\{?\w*(?:OPTS|OPTIONS|ARGS|FLAGS|CMD|COMMAND)\b/iu.test(text.slice(at));
}

/** `{id}` in the path of an address, and `{pod}` as a whole word; `%{http_code}`, `{}`, `{a,b}`, `{.items}` are none. */
function braces({ text, language }: Place): Candidate[] {
  if (language === 'promql') return [];
  const inAddress = matches(text, /(?<![$%{\\])\{([A-Za-z_][\w-]*)\}(?!\})/gu, (match) => {
    const word = /\S*$/u.exec(text.slice(0, match.index))?.[0] ?? '';
    return /:\/\/|^["']?\/|localhost/u.test(word) ? plain('brace', match[1] ?? '') : null;
  });
  if (language !== 'sh' || /\bxargs\b|-I\s*\{|\bawk\b|\bfind\b/u.test(text)) return inAddress;
  return [
    ...inAddress,
    ...matches(text, /(?<=\s)\{([A-Za-z_][\w-]*)\}(?=\s|$)/gu, (match) => plain('brace', match[1] ?? '')),
  ];
}

/** `your-namespace`, `YOUR_API_KEY`; in the host of an address it stays, since that is what a target is made of. */
function yours({ text }: Place): Candidate[] {
  return matches(
    text,
    /(?<![A-Za-z0-9_@.-])(?:your[-_][a-z0-9][a-z0-9_-]*|YOUR[-_][A-Z0-9][A-Z0-9_-]*)(?![A-Za-z0-9_.-]*\.\w)/gu,
    (match) => {
      const written = match[0].replace(/^your[-_]/iu, '');
      return /:\/\/\S*$/u.test(text.slice(0, match.index)) && !/:\/\/[^\s/]+\//u.test(text.slice(0, match.index))
        ? null
        : plain('your', written);
    },
  );
}

/** `xxx`, `XXXX`, `sara-agent-xxx`: the whole word has to be written by the reader; its name comes from what stands before it. */
function crosses({ text, program, language }: Place): Candidate[] {
  return matches(
    text,
    /(?<![\w.:/%=$-])([A-Za-z0-9][A-Za-z0-9-]*-)?[xX]{3,}(?:-[xX]{3,})*(?![\w./:-])|(?<=[=/])[xX]{3,}(?![\w.:-])/gu,
    (match) => {
      const before = text.slice(0, match.index);
      const named = /(?:(?<=\s)(?:--([A-Za-z][\w-]+)|(-n))[= ]+|\b([A-Za-z_]\w*)\s*=\s*)["']?$/u.exec(before);
      const inKubernetes = /^(?:kubectl|oc|k)$/u.test(program) && /(?:exec|logs|pods?|pod\/)\b[^|]*$/u.test(before);
      return plain(
        'crosses',
        named?.[1] ??
          (named?.[2] === '-n' ? 'namespace' : named?.[3]) ??
          (inKubernetes ? 'pod' : language === 'redis' ? 'key' : 'value'),
      );
    },
  );
}

const WORDS_OF_LOGS = /^(?:ERROR|WARN|WARNING|INFO|DEBUG|FATAL|CRITICAL|TRACE|ALERT|OK|FAIL|FAILED|A-Z|NOTICE)$/u;

/** `[POD_NAME]` as a whole word or part of a path; a text that is searched for is none. */
function brackets({ text, language }: Place): Candidate[] {
  if (language === 'promql' || /\b(?:e?grep|sed|awk|tr)\b/u.test(text)) return [];
  return matches(text, /(?<=[\s/=:"'@]|^)\[([A-Z][A-Z0-9]*(?:[_ -][A-Z0-9]+)*)\](?=[\s/:"'@;,]|$)/gu, (match) =>
    WORDS_OF_LOGS.test(match[1] ?? '') || (match[1] ?? '').length < 2 ? null : plain('bracket', match[1] ?? ''),
  );
}

/** `pg_terminate_backend(PID)`: the one word in capitals that runbooks write in the place of a number. */
function identifiers({ text }: Place): Candidate[] {
  if (/\bfrom\b/iu.test(text)) return [];
  return matches(text, /(?<=\bpg_(?:terminate|cancel)_backend\(\s*)PID(?=\s*\))/gu, () => plain('identifier', 'pid'));
}
