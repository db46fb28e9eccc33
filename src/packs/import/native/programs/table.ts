import type { Invocation, Translation } from '../translation.ts';
import { translateCurl } from './curl.ts';
import { translateDocker } from './docker.ts';
import { translateKubectl } from './kubectl.ts';
import { translateLookup, translateNetcat, translateOpenssl, translatePing, translateTelnet } from './probes.ts';
import { translatePsql } from './psql.ts';
import { translateRedis } from './redis.ts';

/** `inside` is the name of the container that the call ran in, empty when that is not fixed, null outside of any. */
type Translator = (call: Invocation, inside: string | null) => Promise<Translation | null> | Translation | null;

/** Variables of the environment that a program's translation reads; any other one makes the call the shell's business. */
const READS_ENVIRONMENT: Readonly<Record<string, RegExp>> = {
  psql: /^PG(?:HOST|PORT|USER|DATABASE|PASSWORD|CONNECT_TIMEOUT)$/u,
  'redis-cli': /^REDISCLI_AUTH$/u,
};

/** Programs whose words mean the same when they look like a pattern for names of files. */
const TAKES_PATTERNS = /^(?:curl|redis-cli|kubectl|k|oc|docker|docker-compose)$/u;

function guarded(translate: Translator): Translator {
  return (call, inside) => {
    const allowed = READS_ENVIRONMENT[call.name];
    if ([...call.environment.keys()].some((name) => allowed?.test(name) !== true)) return null;
    if (call.patterns && !TAKES_PATTERNS.test(call.name)) return null;
    return translate(call, inside);
  };
}

/** Every program that has an executor of its own. */
export const PROGRAMS: ReadonlyMap<string, Translator> = new Map(
  Object.entries<Translator>({
    psql: translatePsql,
    'redis-cli': translateRedis,
    curl: translateCurl,
    kubectl: translateKubectl,
    k: translateKubectl,
    oc: translateKubectl,
    docker: translateDocker,
    'docker-compose': translateDocker,
    openssl: translateOpenssl,
    nc: translateNetcat,
    ncat: translateNetcat,
    netcat: translateNetcat,
    telnet: translateTelnet,
    nslookup: translateLookup,
    dig: translateLookup,
    host: translateLookup,
    ping: translatePing,
  }).map(([name, translate]) => [name, guarded(translate)]),
);
