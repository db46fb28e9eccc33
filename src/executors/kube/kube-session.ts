import { isSecretType } from '../../analysis/kubectl-commands.ts';
import type { Clock } from '../../lib/clock.ts';
import { UserError } from '../../lib/errors.ts';
import type { KubePlace } from './cluster.ts';
import { discoverTypes } from './discovery.ts';
import { apiVersion, isNamed, KNOWN_TYPES } from './known-types.ts';
import { KubeConnection, KubeConnectionError, type WireAnswer } from './kube-http.ts';
import { at, type KubeObject, listAt, textAt } from './kube-object.ts';
import { KubeRefusal, refusalOf } from './kube-refusal.ts';
import { holdsSecrets, type KubeGuard, type KubeMode, type KubeRequest, type KubeResource } from './kube-request.ts';

export type SessionOptions = {
  readonly place: KubePlace;
  readonly mode: KubeMode;
  readonly guard: KubeGuard;
  readonly signal: AbortSignal;
  readonly clock: Clock;
};

/** What was sent and answered, for previews. */
export type Recorded = {
  readonly request: KubeRequest;
  readonly before: KubeObject | null;
  readonly after: KubeObject | null;
};

const JSON_TYPE = 'application/json';
const NEVER_FOLLOWED = new Set([301, 302, 303, 307, 308]);

/** One statement's way to one API server: typed requests, each looked at by the guard. */
export class KubeSession {
  readonly place: KubePlace;
  readonly mode: KubeMode;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly connection: KubeConnection;
  readonly recorded: Recorded[] = [];
  readonly #guard: KubeGuard;
  #types: Promise<readonly KubeResource[]> | undefined;
  /** Changes that the server confirmed. */
  confirmed = 0;
  /** Requests that went past the guard. */
  requests = 0;
  /** A change was sent and is not answered yet. */
  pendingChange = false;

  constructor(options: SessionOptions) {
    this.place = options.place;
    this.mode = options.mode;
    this.clock = options.clock;
    this.signal = options.signal;
    this.#guard = options.guard;
    this.connection = new KubeConnection(options.place);
  }

  close(): void {
    this.connection.close();
  }

  /** The answer's JSON. Throws KubeRefusal, KubeConnectionError or the guard's UserError. */
  async ask(request: KubeRequest): Promise<KubeObject> {
    const preview = this.mode === 'preview' && request.method !== 'GET';
    const real = preview || asksDryRun(request) ? asDryRun(request) : request;
    const before = preview && real.name !== undefined ? await this.#before(real) : null;
    const object = parseAnswer(await this.#send(real));
    if (request.method === 'GET') refuseSecretAnswer(object);
    else this.confirmed += 1;
    if (preview) this.recorded.push({ request: real, before, after: request.method === 'DELETE' ? null : object });
    return object;
  }

  /** The answer's text, for logs. */
  async text(request: KubeRequest): Promise<string> {
    return (await this.#send({ ...request, accept: '*/*' })).body;
  }

  /** The answer's bytes as they come, until its end or the signal. Throws KubeRefusal, KubeConnectionError or the guard's UserError. */
  async follow(request: KubeRequest, use: { signal: AbortSignal; onChunk: (chunk: Buffer) => void }): Promise<void> {
    this.#admit(request);
    this.requests += 1;
    const wire = { method: request.method, path: pathOf(request), headers: { accept: '*/*' }, body: null };
    const answer = await this.connection.stream({ ...wire, signal: use.signal }, use.onChunk);
    if (answer.status >= 300) throw refusalOf(answer);
  }

  /** Passes the guard and gives the path, for a stream that is no plain request. From here on it may have begun. */
  streamPath(request: KubeRequest): string {
    this.#admit(request);
    this.requests += 1;
    return pathOf(request);
  }

  /** Every type that a word means: one type, or those of a category such as `all`. Throws UserError `type_unknown`. */
  async resolve(word: string): Promise<KubeResource[]> {
    if (isSecretType(word))
      return [
        secretOrNothing(
          KNOWN_TYPES.find((type) => isNamed(type, word)),
          word,
        ),
      ];
    const known = KNOWN_TYPES.find((type) => isNamed(type, word));
    if (known) return [known];
    this.#types ??= discoverTypes(this.connection, this.signal);
    const types = await this.#types;
    const found = types.find((type) => isNamed(type, word));
    if (found) return [found];
    const members = types.filter((type) => type.categories.includes(word.toLowerCase()));
    if (members.length === 0)
      throw new UserError('type_unknown', `This cluster serves no type called ${word}: correct the name.`);
    return members.filter((type) => !holdsSecrets(type));
  }

  /** The type of a document. Throws UserError `type_unknown`. */
  async resolveKind(version: string, kind: string): Promise<KubeResource> {
    const matches = (type: KubeResource) => type.kind === kind && apiVersion(type) === version;
    const known = KNOWN_TYPES.find(matches);
    if (known) return known;
    this.#types ??= discoverTypes(this.connection, this.signal);
    const found = (await this.#types).find(matches);
    if (found) return found;
    throw new UserError('type_unknown', `This cluster serves no ${kind} of ${version}: correct kind and apiVersion.`);
  }

  async #before(request: KubeRequest): Promise<KubeObject | null> {
    if (holdsSecrets(request.resource)) return null;
    const { subresource: _, body: _body, contentType: _type, query: _query, ...rest } = request;
    try {
      return await this.ask({ ...rest, method: 'GET' });
    } catch (error) {
      if (error instanceof KubeRefusal) return null;
      throw error;
    }
  }

  #admit(request: KubeRequest): void {
    this.#guard(request, this.mode);
    const { namespaces } = this.place;
    if (namespaces !== null && request.resource.namespaced) requireNamespace(namespaces, request.namespace);
  }

  async #send(request: KubeRequest): Promise<WireAnswer> {
    this.#admit(request);
    this.requests += 1;
    this.pendingChange = request.method !== 'GET';
    const answer = await this.connection.send({
      method: request.method,
      path: pathOf(request),
      headers: {
        accept: request.accept ?? JSON_TYPE,
        ...(request.body === undefined ? {} : { 'content-type': request.contentType ?? JSON_TYPE }),
      },
      body: request.body === undefined ? null : JSON.stringify(request.body),
      signal: this.signal,
    });
    if (NEVER_FOLLOWED.has(answer.status)) {
      throw new KubeConnectionError('the server redirects elsewhere, which is never followed', {
        sent: request.method !== 'GET',
      });
    }
    this.pendingChange = this.pendingChange && answer.status >= 500;
    if (answer.status >= 400) throw refusalOf(answer);
    return answer;
  }
}

function asksDryRun(request: KubeRequest): boolean {
  return request.query?.some(([key]) => key === 'dryRun') ?? false;
}

/**
 * The request as one that changes nothing. A deletion that comes with a body takes its options from there alone (apiserver,
 * handlers/delete.go): what only its address says is ignored, and the object would be gone.
 */
function asDryRun(request: KubeRequest): KubeRequest {
  const query = (request.query ?? []).filter(([key]) => key !== 'dryRun');
  const dry: KubeRequest = { ...request, query: [...query, ['dryRun', 'All']] };
  if (request.method !== 'DELETE' || request.body === undefined) return dry;
  return { ...dry, body: { ...(request.body as object), dryRun: ['All'] } };
}

function secretOrNothing(type: KubeResource | undefined, word: string): KubeResource {
  if (type) return type;
  throw new UserError(
    'not_read_only',
    `${word} may hold secret values, which are never shown: ask for what uses them.`,
  );
}

function requireNamespace(allowed: readonly string[], namespace: string | null): void {
  if (namespace !== null && allowed.includes(namespace)) return;
  throw new UserError(
    'namespace_refused',
    `This target is for the namespaces ${allowed.join(', ')} only: name one of them with -n.`,
  );
}

function pathOf(request: KubeRequest): string {
  const { resource, namespace, name, subresource, query } = request;
  const parts = [
    ...(resource.group === '' ? ['api'] : ['apis', resource.group]),
    resource.version,
    ...(namespace === null ? [] : ['namespaces', namespace]),
    resource.plural,
    ...(name === undefined ? [] : [name]),
    ...(subresource === undefined ? [] : [subresource]),
  ];
  const search = new URLSearchParams((query ?? []).map(([key, value]): [string, string] => [key, value])).toString();
  return `/${parts.map(encodeURIComponent).join('/')}${search === '' ? '' : `?${search}`}`;
}

function parseAnswer(answer: WireAnswer): KubeObject {
  try {
    const value: unknown = JSON.parse(answer.body);
    if (value !== null && typeof value === 'object' && !Array.isArray(value)) return value as KubeObject;
  } catch {
    // told below
  }
  throw new KubeRefusal(answer.status, 'NotJson', 'The server answered something that is no Kubernetes object');
}

/** Whatever was asked for: a server that answers with Secrets is not listened to. */
function refuseSecretAnswer(object: KubeObject): void {
  const rows = listAt(object, 'rows').map((row) => at(row, 'object'));
  for (const item of [object, ...listAt(object, 'items'), ...rows]) {
    if (!/^Secret(?:List)?$/iu.test(textAt(item, 'kind'))) continue;
    throw new UserError(
      'not_read_only',
      'The server answered with Secrets, which are never shown: ask for other types.',
    );
  }
}
