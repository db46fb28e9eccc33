import type { Json } from '../../lib/canonical-json.ts';
import { UserError } from '../../lib/errors.ts';
import { type BoundValue, boundValue, plainText, shownValue } from '../bound-values.ts';
import { parseCommandLine } from '../command-line.ts';
import type { BoundValues } from '../executor.ts';
import { looksPiped } from '../filters/chain.ts';
import { type Piece, splitPlaceholders } from '../placeholders.ts';
import { bindBody } from './bind-body.ts';
import { bindPath } from './bind-path.ts';
import type { BoundRequest, RequestTemplate, TextOf } from './request-template.ts';

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
/** Headers that belong to the connection, to the target's credential, or that change what a method means. */
const FORBIDDEN =
  /^(?:host|connection|content-length|transfer-encoding|te|trailer|upgrade|expect|keep-alive|authorization|cookie|proxy-.*|accept-encoding|x-http-method.*|x-method-override|x-original-.*|x-rewrite-.*|x-forwarded-.*|forwarded)$/u;

/** A line that goes on with the query of the line before, as editors' REST clients write it. */
const MORE_QUERY = /^[ \t]+[?&]/u;

/**
 * Reads `.http` syntax: `METHOD /path`, with `?a=1` and `&b=2` also on indented lines of their own, headers, an empty line, a body. What the
 * answer is piped through stands behind the path, or on lines among the headers that begin with `|`. Throws UserError `statement_invalid` for
 * anything else, an address outside of the target included, and `placeholder_unbindable` for a method or a header name from a value.
 */
export function parseRequest(source: string): RequestTemplate {
  const text = source.replace(/\r\n/gu, '\n').replace(/^\n+|\s+$/gu, '');
  if (/^###/mu.test(text))
    throw new UserError(
      'statement_invalid',
      'There are several requests here: a step sends exactly one, make a step of each.',
    );
  const empty = text.search(/\n[ \t]*\n/u);
  const head = (empty < 0 ? text : text.slice(0, empty)).split('\n').filter((line) => !/^\s*(?:#|\/\/)/u.test(line));
  const body = empty < 0 ? '' : text.slice(empty).replace(/^\s*\n/u, '');
  const [begin = '', pipes] = splitPipe(head[0] ?? '');
  const headers = head.slice(1).filter((more) => !isPipe(more));
  const end = headers.findIndex((more) => !MORE_QUERY.test(more));
  const query = headers.splice(0, end < 0 ? headers.length : end).map((more) => more.trim());
  const first = begin.trimEnd() + query.join('');
  const line = /^(?<method>\S+)[ \t]+(?<path>\S.*?)(?:[ \t]+HTTP\/[\d.]+)?[ \t]*$/u.exec(first)?.groups;
  const method = line?.method ?? '';
  const path = line?.path ?? '';
  if (!METHODS.has(method)) {
    throw new UserError(
      'statement_invalid',
      `The first line must be a method and a path, for example \`GET /health\`, with a method of ${[...METHODS].join(', ')}.`,
    );
  }
  refuseFiles(body);
  refusePipeInBody(body);
  return {
    method,
    path: splitPlaceholders(path),
    headers: headers.map(parseHeader),
    body: splitPlaceholders(body),
    filters: parseFilters([pipes, ...head.slice(1).filter(isPipe)]),
  };
}

/** What REST clients of editors read from files or run as scripts: people would approve a name and not what is sent. */
function refuseFiles(body: string): void {
  const found = /^(?:<@?[ \t]+\S|<>[ \t]|>>!?[ \t]+\S|>[ \t]+\S+\.m?js[ \t]*$|[<>][ \t]*\{%)/mu.exec(body)?.[0];
  if (found === undefined) return;
  throw new UserError(
    'statement_invalid',
    `\`${found.slice(0, 2).trim()}\` would read or write a file or run a script: write the body itself, and use \`expect\` for the answer.`,
  );
}

/** Names of the placeholders of a request and its filters in the order of appearance. */
export function requestPlaceholders(template: RequestTemplate): string[] {
  const inFilters = template.filters.flat(2).flatMap((part) => ('name' in part ? [part.name] : []));
  return [...new Set([...namesInRequest(template), ...inFilters])];
}

function namesInRequest(template: RequestTemplate): string[] {
  const pieces = [...template.path, ...template.headers.flatMap((header) => header.value), ...template.body];
  return [...new Set(pieces.flatMap((piece) => (piece.kind === 'value' ? [piece.name] : [])))];
}

/** A path holds no space, so ` |` can only begin the filters. */
function splitPipe(line: string): [request: string, pipes: string] {
  const at = line.search(/[ \t]\|/u);
  return at < 0 ? [line, ''] : [line.slice(0, at), line.slice(at + 1)];
}

/** A line among the headers that begins with `|` goes on with the filters. */
function isPipe(line: string): boolean {
  return /^\s*\|/u.test(line);
}

function parseFilters(lines: readonly string[]): RequestTemplate['filters'] {
  const text = lines.join(' ').trim();
  return text === '' ? [] : parseCommandLine(`http ${text}`, 'http').filters;
}

/** It would be sent. */
function refusePipeInBody(body: string): void {
  const last = body.trimEnd().split('\n').at(-1) ?? '';
  if (!isPipe(last) || !looksPiped(last)) return;
  throw new UserError(
    'statement_invalid',
    `\`${last.trim().slice(0, 40)}\` stands in the body and would be sent: put it behind the path, \`POST /path | jq .\`.`,
  );
}

/** Puts the values in their places, encoded for each. Throws UserError `value_refused` or `placeholder_unbindable`. */
export function bindRequest(
  template: RequestTemplate,
  values: BoundValues,
): { sent: BoundRequest; shown: BoundRequest; bound: BoundValue[] } {
  const bound = namesInRequest(template).map((name) => boundValue(values, name));
  const build = (textOf: TextOf): BoundRequest => ({
    method: template.method,
    path: bindPath(template.path, values, textOf),
    headers: template.headers.map(({ name, value }) => ({ name, value: bindHeader(name, value, { values, textOf }) })),
    body: bindBody(template, values, textOf),
  });
  const sent = build(({ value }) => (typeof value === 'object' ? plainText(value) : value));
  const shown = build(({ value }) => shownValue(value));
  return { sent, shown, bound };
}

/** The request as people read it and as its hash covers it. */
export function requestJson(request: BoundRequest): Json {
  return {
    method: request.method,
    path: request.path,
    headers: request.headers.map(({ name, value }) => [name, value]),
    body: request.body,
  };
}

function parseHeader(line: string): { name: string; value: readonly Piece[] } {
  const match = /^(?<name>[^:]*):[ \t]*(?<value>.*?)[ \t]*$/u.exec(line)?.groups;
  const name = match?.name ?? '';
  if (name.includes('${'))
    throw new UserError('placeholder_unbindable', 'The name of a header cannot come from a value: write it out.');
  if (!/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/u.test(name)) {
    throw new UserError(
      'statement_invalid',
      `\`${line.slice(0, 60)}\` is not a header: write \`Name: value\`, and an empty line before the body.`,
    );
  }
  if (FORBIDDEN.test(name.toLowerCase())) {
    throw new UserError(
      'statement_invalid',
      `The header ${name} is not a step's business: leave it out; credentials stand in the target.`,
    );
  }
  return { name, value: splitPlaceholders(match?.value ?? '') };
}

function bindHeader(name: string, pieces: readonly Piece[], use: { values: BoundValues; textOf: TextOf }): string {
  return pieces
    .map((piece) => {
      if (piece.kind === 'text') return visibleAscii(piece.text, `The header ${name}`);
      return visibleAscii(String(use.textOf(boundValue(use.values, piece.name))), `The value of ${piece.name}`);
    })
    .join('');
}

/** A line break in a header would begin another header. */
function visibleAscii(text: string, what: string): string {
  if (/^[\t\u0020-\u007e]*$/u.test(text)) return text;
  throw new UserError(
    'value_refused',
    `${what} holds a line break or another character that a header cannot carry: remove it.`,
  );
}
