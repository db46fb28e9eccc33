import type { Json } from '../../lib/canonical-json.ts';
import { maskArguments, maskCommand, SECRET_NAME } from '../mask-commands.ts';
import { MASK } from '../output-safety.ts';

/** Variables whose values are never a secret and often the answer. */
const OPEN =
  /^(?:PATH|HOME|HOSTNAME|LANG|LANGUAGE|LC_[A-Z]+|TZ|TERM|SHELL|USER|PWD|PORT|NODE_ENV|APP_ENV|ENVIRONMENT|DEBIAN_FRONTEND|PYTHONUNBUFFERED|(?:[A-Z0-9_]+_)?(?:VERSION|MAJOR|LOG_LEVEL))$/u;
/**
 * What `inspect` says, with the values of environment variables masked (but for names that are never a secret) and secrets in commands,
 * labels and options of log drivers. An engine shows them to everybody who may inspect; a chat has more readers.
 */
export function maskInspection(value: Json, key = ''): Json {
  if (Array.isArray(value)) {
    const texts = value.every((item): item is string => typeof item === 'string');
    if (texts && key === 'Env') return value.map(maskVariable);
    if (texts) return maskArguments(value);
    return value.map((item: Json) => maskInspection(item));
  }
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => [
        name,
        typeof item === 'string' && new RegExp(`^${SECRET_NAME}$`, 'iu').test(name) && item !== ''
          ? MASK
          : maskInspection(item, name),
      ]),
    );
  }
  return typeof value === 'string' ? maskCommand(value) : value;
}

function maskVariable(variable: string): string {
  const at = variable.indexOf('=');
  const name = at < 0 ? variable : variable.slice(0, at);
  return at < 0 || OPEN.test(name) || at === variable.length - 1 ? variable : `${name}=${MASK}`;
}
