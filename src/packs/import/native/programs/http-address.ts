import { fillMarks, type Placeholder, splitMarks } from '../marks.ts';
import type { Item } from '../options.ts';
import { readPlace } from './place.ts';

/** An address taken apart: the fixed part that makes a target, and the path with its query. */
export type HttpAddress = {
  /** Words for the target's id. */
  readonly name: string;
  readonly base: string | { readonly setting: string; readonly default: string };
  readonly path: string;
  /** It held a name and a password. */
  readonly secret: boolean;
};

const AUTHORITY =
  /^(?:(?<scheme>https?):\/\/)?(?:(?<user>[^@/?#]*)@)?(?<host>\[[0-9a-fA-F:]+\]|[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)(?::(?<port>\d{1,5}))?(?<path>[/?].*)?$/su;

/** Null for an address whose host a person fills in each time, and for what is no address of HTTP. */
export function readAddress(text: string, placeholders: readonly Placeholder[]): HttpAddress | null {
  const variable = /^(?:(https?):\/\/)?(WRMARK\d{3}Z)(?::(\d{1,5}))?([/?].*)?$/su.exec(text);
  if (variable !== null) return fromVariable(variable, placeholders);
  const found = AUTHORITY.exec(text)?.groups;
  if (found === undefined) return null;
  const { scheme = 'http', user, host = '', port, path = '/' } = found;
  if (
    /WRMARK/u.test(host) ||
    (!host.includes('.') && host !== 'localhost' && found.scheme === undefined && port === undefined)
  )
    return null;
  const authority = `${host.toLowerCase()}${port === undefined ? '' : `:${port}`}`;
  return {
    name: authority,
    base: `${scheme}://${authority}`,
    path: path.startsWith('?') ? `/${path}` : path,
    secret: user !== undefined,
  };
}

/** `$API_URL/health`: the variable is a setting; alone it might hold a path as well. */
function fromVariable(match: RegExpExecArray, placeholders: readonly Placeholder[]): HttpAddress | null {
  const [, scheme = 'http', mark = '', port, path] = match;
  const place = readPlace(mark, placeholders);
  if (place === null || place.setting === null || path === undefined || path.startsWith('?')) return null;
  const isHost = match[1] !== undefined || port !== undefined;
  const fallback = /^https?:\/\/[\w.-]+(?::\d+)?$/u.test(place.text)
    ? place.text
    : `${scheme}://${/^[\w.-]+$/u.test(place.text) ? place.text : '127.0.0.1'}${port === undefined ? '' : `:${port}`}`;
  // The variable holds a host here and a whole address there: two settings, so that neither is taken for the other.
  const setting = isHost ? `${place.setting}_URL` : place.setting;
  return { name: setting, base: { setting, default: fallback }, path, secret: false };
}

/** Path and query as the executor takes them, data of `curl -G` added; null for signs that it refuses or that curl itself would expand. */
export function writePath(path: string, data: readonly Item[], placeholders: readonly Placeholder[]): string | null {
  const added = data.map((item) =>
    item.kind === 'option' ? parameter(item.name, item.value ?? '', placeholders) : null,
  );
  if (added.includes(null)) return null;
  const whole = added.length === 0 ? path : `${path}${path.includes('?') ? '&' : '?'}${added.join('&')}`;
  const literals = splitMarks(whole, placeholders).filter((piece) => typeof piece === 'string');
  // curl makes several requests of `{a,b}` and `[1-5]`.
  if (
    literals.some(
      (text) => /[^A-Za-z0-9\-._~!$&'()*+,;=:@/?%[\]{}|"<>^]/u.test(text) || /\{[^}]*,|\[[^\]]*-[^\]]*\]/u.test(text),
    )
  )
    return null;
  if (literals.some((text) => /%(?![0-9A-Fa-f]{2})/u.test(text) || text.includes('${'))) return null;
  if (/(?:^|\/)\.{1,2}(?:\/|$)|^\/\//u.test(whole.split('?')[0] ?? '')) return null;
  return fillMarks(whole, placeholders);
}

function parameter(option: string, value: string, placeholders: readonly Placeholder[]): string | null {
  if (value.startsWith('@') || option === '--json' || option === '--data-binary') return null;
  if (option !== '--data-urlencode') return value;
  const equals = value.indexOf('=');
  if (equals < 0 ? value.includes('@') : value.slice(0, equals).includes('@')) return null;
  const [name, text] = equals < 0 ? ['', value] : [value.slice(0, equals + 1), value.slice(equals + 1)];
  const encoded = splitMarks(text, placeholders).map((piece) =>
    typeof piece === 'string' ? encodeURIComponent(piece) : null,
  );
  // A mark survives encoding as it is: letters and digits.
  return encoded.length === 0 ? name : `${name === '=' ? '' : name}${encodeURIComponent(text)}`;
}
