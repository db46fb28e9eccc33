import { fillMarks, type Placeholder, splitMarks } from '../marks.ts';
import { type Item, operandsOf, readItems } from '../options.ts';
import { type Invocation, type Translation, targetKind } from '../translation.ts';
import { readAddress, writePath } from './http-address.ts';
import { type HttpBody, readBody } from './http-body.ts';

const OPTIONS = `-X: --request: -H: --header: -d: --data: --data-raw: --data-ascii: --data-binary: --data-urlencode: --json: -G --get -I --head
  -u: --user: -k --insecure -s --silent -S --show-error -f --fail --fail-with-body -v --verbose -i --include -L --location -N --no-buffer
  -m: --max-time: --connect-timeout: --retry: --retry-delay: --retry-connrefused --retry-all-errors -o: --output: -w: --write-out:
  -A: --user-agent: -e: --referer: --url: --compressed -# --progress-bar --no-progress-meter -g --globoff --oauth2-bearer:`;
/** Options with which curl prints something else than the body. */
const PRINTS_OTHERWISE = /^(?:-I|--head|-i|--include|-v|--verbose|-w|--write-out|-o|--output)$/u;
const METHODS = /^(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS)$/u;
/** Headers that the executor sets itself or that belong to the target's credential. */
const CREDENTIAL = /^(?:authorization|cookie|proxy-authorization)$/iu;
const REFUSED =
  /^(?:host|connection|content-length|transfer-encoding|te|trailer|upgrade|expect|keep-alive|accept-encoding|x-http-method.*|x-method-override|x-original-.*|x-rewrite-.*|x-forwarded-.*|forwarded)$/iu;

type Header = { readonly name: string; readonly value: string };
type Request = {
  method: string | null;
  readonly headers: Header[];
  readonly data: Item[];
  readonly notes: string[];
  readonly addresses: string[];
  head: boolean;
  get: boolean;
};

/** One request. Files that are sent or written, client certificates, proxies and forms stay with curl. */
export function translateCurl(call: Invocation): Translation | null {
  const read = readItems(call.args, { options: OPTIONS });
  if (read === null || read.after !== null || call.input !== null) return null;
  const request: Request = {
    method: null,
    headers: [],
    data: [],
    notes: [],
    addresses: operandsOf(read.items),
    head: false,
    get: false,
  };
  for (const item of read.items) if (item.kind === 'option' && !readOption(item, request)) return null;
  const [given, ...others] = request.addresses;
  const address = given === undefined || others.length > 0 ? null : readAddress(given, call.placeholders);
  if (address === null) return null;
  if (address.secret) request.notes.push('Name and password of the address belong into the credential of the target.');
  const body = request.get ? null : readBody(request.data, request.headers, call.placeholders);
  if (body === undefined) return null;
  const path = writePath(address.path, request.get ? request.data : [], call.placeholders);
  const method = request.method ?? (request.head ? 'HEAD' : body === null ? 'GET' : 'POST');
  if (path === null || !METHODS.test(method) || (body !== null && /^(?:GET|HEAD)$/u.test(method))) return null;
  const text = writeRequest(`${method} ${path}`, body, { request, placeholders: call.placeholders });
  if (text === null) return null;
  return {
    language: 'http',
    text,
    targetKind: targetKind('http', address.name),
    targetOptions: { baseUrl: address.base },
    notes: [...new Set(request.notes)],
    printsOtherwise: read.items.some((item) => item.kind === 'option' && PRINTS_OTHERWISE.test(item.name)),
  };
}

/** What an option does to the request; false for what only curl can do. */
function readOption({ name, value }: Extract<Item, { kind: 'option' }>, request: Request): boolean {
  const text = value ?? '';
  switch (name) {
    case '-X':
    case '--request':
      request.method = text.toUpperCase();
      return true;
    case '-H':
    case '--header':
      return addHeader(text, request);
    case '-A':
    case '--user-agent':
      return addHeader(`User-Agent: ${text}`, request);
    case '-e':
    case '--referer':
      return addHeader(`Referer: ${text}`, request);
    case '-I':
    case '--head':
      request.head = true;
      return true;
    case '-G':
    case '--get':
      request.get = true;
      return true;
    case '--url':
      request.addresses.push(text);
      return true;
    case '-u':
    case '--user':
    case '--oauth2-bearer':
      request.notes.push('User and password of the command belong into the credential of the target.');
      return true;
    default:
      return name.startsWith('--data') || name === '-d' || name === '--json'
        ? addData({ kind: 'option', name, value }, request)
        : note(name, text, request);
  }
}

function addData(item: Item, request: Request): boolean {
  request.data.push(item);
  if (item.kind === 'option' && item.name === '--json' && !request.headers.some(({ name }) => /^accept$/iu.test(name)))
    request.headers.push({ name: 'Accept', value: 'application/json' });
  return true;
}

/** Options about the connection and the output: the executor has its own ways, and says where they differ. */
function note(name: string, value: string, { notes }: Request): boolean {
  switch (name) {
    case '-k':
    case '--insecure':
      notes.push('The command did not check the certificate (-k); this step does.');
      return true;
    case '-o':
    case '--output':
      return value === '/dev/null' || value === '-';
    case '-w':
    case '--write-out':
      if (
        !/^(?:[^%@]|%\{(?:http_code|response_code|time_total|time_starttransfer|time_connect|url_effective)\})*$/u.test(
          value,
        )
      )
        return false;
      notes.push('Status and duration are part of every answer.');
      return true;
    case '-L':
    case '--location':
      notes.push('Redirects are followed on the same host only.');
      return true;
    case '-m':
    case '--max-time':
      if (/^\d+$/u.test(value)) notes.push(`The command waited ${value} s at most: timeout=${value}s.`);
      return true;
    default:
      return true;
  }
}

function addHeader(text: string, request: Request): boolean {
  const found = /^(?<name>[A-Za-z0-9!#$%&'*+.^_`|~-]+):[ \t]*(?<value>.*?)[ \t]*$/su.exec(text)?.groups;
  const [name, value] = [found?.name ?? '', found?.value ?? ''];
  if (name === '' || value === '' || /WRMARK/u.test(name) || REFUSED.test(name)) return false;
  if (CREDENTIAL.test(name)) request.notes.push(`The header ${name} belongs into the credential of the target.`);
  else request.headers.push({ name, value });
  return true;
}

function writeRequest(
  line: string,
  body: HttpBody | null,
  use: { request: Request; placeholders: readonly Placeholder[] },
): string | null {
  const { headers } = use.request;
  const own =
    body === null || headers.some(({ name }) => name.toLowerCase() === 'content-type')
      ? []
      : [{ name: 'Content-Type', value: body.type }];
  const all = [...headers, ...own];
  const literal = all
    .flatMap(({ value }) => splitMarks(value, use.placeholders))
    .filter((piece) => typeof piece === 'string');
  if (literal.some((text) => !/^[\t\u0020-\u007e]*$/u.test(text))) return null;
  const head = [line, ...all.map(({ name, value }) => `${name}: ${fillMarks(value, use.placeholders)}`)].join('\n');
  return body === null ? head : `${head}\n\n${body.text}`;
}
