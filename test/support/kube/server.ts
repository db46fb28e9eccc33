import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { issueCertificate } from '../certificates.ts';
import { checkJob, checkSecret, withSelector } from './job-rules.ts';
import { Kubelet } from './kubelet.ts';
import { FieldOwners, jsonPatch, mergePatch, strategicPatch } from './patches.ts';
import { matchesFields, matchesLabels } from './selectors.ts';
import { discovery, groupVersion, SERVED_TYPES, type ServedType } from './served-types.ts';
import { type Change, qualified, StatusError, Store, type Stored } from './store.ts';
import { tableOf } from './tables.ts';

/** What a user may do, by verb and `resource` or `resource/subresource`. */
export type Rights = (verb: string, resource: string, group: string) => boolean;
export type KubeUser = { readonly name: string; readonly may: Rights };
export type SeenRequest = {
  readonly method: string;
  readonly path: string;
  readonly user: string;
  readonly dryRun: boolean;
};

/** What runs in containers: argv in, output and exit code out. A promise that never settles hangs. */
export type RunInContainer = (
  argv: readonly string[],
  stdin: Promise<Buffer>,
) => Promise<{ stdout?: string | Buffer; stderr?: string; exitCode?: number }>;

type Options = {
  readonly users: Readonly<Record<string, KubeUser>>;
  readonly now?: () => Date;
  /** Answers instead of the imitation, for hostile servers. True when it did. */
  readonly instead?: (request: IncomingMessage, response: ServerResponse) => boolean;
};

type Route = { type: ServedType; namespace: string | null; name: string | null; subresource: string | null };

const QUERY = new Set(
  `labelSelector fieldSelector limit continue includeObject watch resourceVersion resourceVersionMatch timeoutSeconds allowWatchBookmarks timeout
  container tailLines sinceSeconds sinceTime previous timestamps limitBytes follow insecureSkipTLSVerifyBackend dryRun fieldManager fieldValidation force
  command stdin stdout stderr tty gracePeriodSeconds propagationPolicy orphanDependents pretty sendInitialEvents`.split(
    /\s+/u,
  ),
);

/**
 * An imitation of the Kubernetes API server, table-driven from the API conventions: discovery, tables, labels and fields, the four patches,
 * dry runs, watches, logs, exec over WebSocket, evictions and RBAC. Stricter than the original: what it does not know is an error.
 */
export class KubeServer {
  readonly store: Store;
  readonly requests: SeenRequest[] = [];
  /** Logs by `namespace/pod/container`; `…/previous` of the one before. */
  readonly logs = new Map<string, string>();
  readonly authority: string;
  /** Jobs that are made over the API really run. */
  readonly kubelet: Kubelet;
  readonly #streams = new Set<ServerResponse>();
  run: RunInContainer = (argv) => Promise.resolve({ stdout: argv.slice(1).join(' ') });
  readonly #options: Options;
  readonly #server: https.Server;
  readonly #owners = new FieldOwners();
  readonly #documents = discovery();
  /** Held for this long before each answer, to make things slow. */
  delayMs = 0;

  constructor(options: Options) {
    this.#options = options;
    this.store = new Store(options.now ?? (() => new Date()));
    this.kubelet = new Kubelet(this.store);
    const [from, until] = [new Date(Date.now() - 3_600_000), new Date(Date.now() + 86_400_000)];
    const authority = issueCertificate({ name: 'kube-ca', authority: true, from, until });
    const own = issueCertificate({ name: 'kube', names: ['localhost'], by: authority, from, until });
    this.authority = authority.cert;
    this.#server = https.createServer({ key: own.key, cert: own.cert }, (request, response) => {
      setTimeout(() => void this.#handle(request, response), this.delayMs);
    });
    this.#upgrades();
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `https://localhost:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Breaks every log that is being followed off, as a restart of the server does. */
  cutLogs(): void {
    for (const stream of this.#streams) stream.destroy();
  }

  async stop(): Promise<void> {
    this.kubelet.stop();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.#options.instead?.(request, response)) return;
    try {
      const url = new URL(request.url ?? '/', 'https://localhost');
      const user = this.#user(request);
      const body = await readBody(request);
      const dryRun = isDryRun(request.method ?? '', url, body);
      this.requests.push({ method: request.method ?? '', path: url.pathname + url.search, user: user.name, dryRun });
      const document = this.#documents.get(url.pathname);
      if (document !== undefined) {
        answer(response, 200, document);
        return;
      }
      const route = routeOf(url);
      this.#authorize(user, request.method ?? '', url, route);
      await this.#answer(route, { request, response, url, body, dryRun });
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      answer(response, error.code, statusOf(error));
    }
  }

  #user(request: IncomingMessage): KubeUser {
    const token = /^Bearer (.+)$/u.exec(request.headers.authorization ?? '')?.[1] ?? '';
    const user = this.#options.users[token];
    if (!user) throw new StatusError(401, 'Unauthorized', 'Unauthorized');
    return user;
  }

  #authorize(user: KubeUser, method: string, url: URL, route: Route): void {
    const { type, name, subresource, namespace } = route;
    const watching = url.searchParams.get('watch') === 'true' || url.searchParams.get('watch') === '1';
    const verbs: Record<string, string> = {
      POST: 'create',
      PUT: 'update',
      PATCH: 'patch',
      DELETE: name ? 'delete' : 'deletecollection',
    };
    const verb = verbs[method] ?? (watching ? 'watch' : name === null ? 'list' : 'get');
    const resource = subresource === null ? type.plural : `${type.plural}/${subresource}`;
    if (user.may(verb, resource, type.group)) return;
    const where = namespace === null ? ' at the cluster scope' : ` in the namespace "${namespace}"`;
    const which = name === null ? `${qualified(type)} is forbidden` : `${qualified(type)} "${name}" is forbidden`;
    throw new StatusError(
      403,
      'Forbidden',
      `${which}: User "${user.name}" cannot ${verb} resource "${resource}" in API group "${type.group}"${where}`,
      { name: name ?? undefined, group: type.group || undefined, kind: type.plural },
    );
  }

  async #answer(
    route: Route,
    call: { request: IncomingMessage; response: ServerResponse; url: URL; body: Stored | null; dryRun: boolean },
  ): Promise<void> {
    const { request, response, url } = call;
    const { type, name, subresource } = route;
    for (const key of url.searchParams.keys())
      if (!QUERY.has(key)) throw new StatusError(400, 'BadRequest', `unknown query parameter ${key}`);
    const dry = url.searchParams.get('dryRun');
    if (dry !== null && dry !== 'All') throw new StatusError(422, 'Invalid', `Invalid value: "${dry}": dryRun`);
    const methods =
      subresource === null
        ? name === null
          ? 'GET,POST,DELETE'
          : 'GET,PUT,PATCH,DELETE'
        : type.subresources[subresource];
    if (!methods?.split(',').includes(request.method ?? ''))
      throw new StatusError(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource');
    if (request.method === 'GET' && name === null) this.#list(route, call);
    else if (subresource === 'log') this.#log(route, call);
    else if (subresource === 'proxy') answer(response, 200, { proxied: url.pathname });
    else this.#answerOne(route, call);
  }

  #answerOne(
    route: Route,
    call: { request: IncomingMessage; response: ServerResponse; url: URL; body: Stored | null; dryRun: boolean },
  ): void {
    const { request, response, url } = call;
    const { type } = route;
    const result = this.#single(route, { ...call, method: request.method ?? '' });
    const code = request.method === 'POST' ? 201 : 200;
    if (request.method === 'GET' && asTable(request) && result.kind !== 'Scale') {
      const objects = url.searchParams.get('includeObject') ?? 'Metadata';
      answer(response, 200, tableOf(type, result, [result], { objects, now: this.store.now() }));
    } else answer(response, code, result);
  }

  #single(
    route: Route,
    call: { request: IncomingMessage; url: URL; body: Stored | null; dryRun: boolean; method: string },
  ): Stored {
    const { type, namespace, name, subresource } = route;
    const { method, body, dryRun } = call;
    if (method === 'POST' && subresource === 'eviction') {
      const pod = this.store.get(type, namespace, name ?? '');
      if (pod.metadata.labels?.protected === 'true')
        throw new StatusError(
          429,
          'TooManyRequests',
          "Cannot evict pod as it would violate the pod's disruption budget.",
        );
      if (!dryRun) this.store.remove(type, pod);
      return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success' };
    }
    if (method === 'POST') return this.store.create(type, namespace, admitted(type, body ?? {}), dryRun);
    if (method === 'DELETE') return this.#delete(route, call);
    if (method === 'PATCH') return this.#patch(route, call);
    const object = this.store.get(type, namespace, name ?? '');
    if (method === 'PUT' && subresource === 'scale')
      return scaleOf(this.store.update(type, object, scaled(object, body), dryRun));
    if (method === 'PUT') return this.store.update(type, object, body ?? {}, dryRun);
    return subresource === 'scale' ? scaleOf(object) : object;
  }

  #delete(route: Route, call: { dryRun: boolean; url: URL; body: Stored | null }): Stored {
    const { type, namespace, name } = route;
    if (name === null) throw new StatusError(405, 'MethodNotAllowed', 'collections are not deleted here');
    const object = this.store.get(type, namespace, name);
    const wanted = call.body?.preconditions?.uid as string | undefined;
    if (wanted !== undefined && wanted !== object.metadata.uid)
      throw new StatusError(
        409,
        'Conflict',
        `the UID in the precondition (${wanted}) does not match the UID in record`,
      );
    const policy = call.body?.propagationPolicy ?? call.url.searchParams.get('propagationPolicy');
    if (!call.dryRun) {
      if (type.plural === 'jobs' && policy === 'Foreground') {
        this.kubelet.removeJob(object);
        return this.store.get(type, namespace, name);
      }
      if (type.plural === 'pods' && this.kubelet.terminate(object)) {
        this.kubelet.replaceIfAllowed(object);
        return this.store.get(type, namespace, name);
      }
      this.store.remove(type, object);
    }
    const details = { name, group: type.group || undefined, kind: type.plural, uid: object.metadata.uid };
    return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details };
  }

  #patch(route: Route, call: { request: IncomingMessage; url: URL; body: Stored | null; dryRun: boolean }): Stored {
    const { type, namespace, name, subresource } = route;
    const kind = (call.request.headers['content-type'] ?? '').split(';')[0];
    const force = call.url.searchParams.get('force') === 'true';
    if (kind === 'application/apply-patch+yaml') return this.#apply(route, { ...call, force });
    const object = this.store.get(type, namespace, name ?? '');
    const view = subresource === 'scale' ? scaleOf(object) : object;
    let patched: Stored;
    if (kind === 'application/merge-patch+json') patched = mergePatch(view, call.body) as Stored;
    else if (kind === 'application/json-patch+json') patched = jsonPatch(view, call.body);
    else if (kind === 'application/strategic-merge-patch+json' && !type.group.includes('example.com'))
      patched = strategicPatch(view, call.body) as Stored;
    else
      throw new StatusError(
        415,
        'UnsupportedMediaType',
        `the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml`,
      );
    if (subresource === 'scale') return scaleOf(this.store.update(type, object, scaled(object, patched), call.dryRun));
    return this.store.update(type, object, patched, call.dryRun);
  }

  #apply(route: Route, call: { url: URL; body: Stored | null; dryRun: boolean; force: boolean }): Stored {
    const { type, namespace, name } = route;
    const manager = call.url.searchParams.get('fieldManager');
    if (!manager)
      throw new StatusError(
        422,
        'Invalid',
        'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
      );
    const document = call.body ?? {};
    if (document.kind !== type.kind || document.apiVersion !== groupVersion(type) || document.metadata?.name !== name)
      throw new StatusError(400, 'BadRequest', 'the document is not about this object');
    if (document.metadata.managedFields !== undefined || document.metadata.resourceVersion === '')
      throw new StatusError(400, 'BadRequest', 'metadata.managedFields must be nil');
    const live = this.store.list(type, namespace).find((object) => object.metadata.name === name) ?? null;
    const key = this.store.key(type, namespace, name ?? '');
    this.#owners.claim(key, manager, { document, live, force: call.force, dryRun: call.dryRun });
    if (live === null) return this.store.create(type, namespace, document, call.dryRun);
    return this.store.update(type, live, strategicPatch(live, document) as Stored, call.dryRun);
  }

  #list(route: Route, call: { request: IncomingMessage; response: ServerResponse; url: URL }): void {
    const { type, namespace } = route;
    const { url, request, response } = call;
    const chosen = (object: Stored) =>
      matchesLabels(object, url.searchParams.get('labelSelector')) &&
      matchesFields(object, url.searchParams.get('fieldSelector'));
    const include = { objects: url.searchParams.get('includeObject') ?? 'Metadata', now: this.store.now() };
    if (['true', '1'].includes(url.searchParams.get('watch') ?? '')) {
      this.#watch(route, { ...call, chosen, include });
      return;
    }
    const all = this.store.list(type, namespace).filter(chosen);
    const limit = Number(url.searchParams.get('limit') ?? 0) || all.length;
    const from = Number(url.searchParams.get('continue') ?? 0);
    const page = all.slice(from, from + limit);
    const more =
      from + limit < all.length
        ? { continue: String(from + limit), remainingItemCount: all.length - from - limit }
        : {};
    const list = {
      kind: `${type.kind}List`,
      apiVersion: groupVersion(type),
      metadata: { resourceVersion: this.store.version, ...more },
      // Items of a list carry neither kind nor apiVersion, as in the original.
      items: page.map(({ kind: _, apiVersion: _version, ...rest }) => rest),
    };
    answer(response, 200, asTable(request) ? tableOf(type, list, page, include) : list);
  }

  #watch(
    route: Route,
    call: {
      request: IncomingMessage;
      response: ServerResponse;
      url: URL;
      chosen(object: Stored): boolean;
      include: { objects: string; now: Date };
    },
  ): void {
    const { response, request, url } = call;
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    const send = (event: string, object: Stored) => {
      const shown = asTable(request) ? tableOf(route.type, object, [object], call.include) : object;
      response.write(`${JSON.stringify({ type: event, object: shown })}\n`);
    };
    const since = Number(url.searchParams.get('resourceVersion') ?? 0);
    const listed = this.store.list(route.type, route.namespace).filter(call.chosen);
    for (const object of listed)
      if (Number(object.metadata.resourceVersion) > since) send(since === 0 ? 'ADDED' : 'MODIFIED', object);
    for (const { type, object } of since === 0 ? [] : this.store.deleted) {
      const here = route.namespace === null || object.metadata.namespace === route.namespace;
      const late = Number(object.metadata.resourceVersion) > since;
      if (type === route.type && here && late && call.chosen(object)) send('DELETED', object);
    }
    const onChange = ({ event, type, object }: Change) => {
      const here = route.namespace === null || object.metadata.namespace === route.namespace;
      if (type === route.type && here && call.chosen(object)) send(event, object);
    };
    this.store.changes.on('change', onChange);
    response.on('close', () => this.store.changes.off('change', onChange));
  }

  #log(route: Route, call: { response: ServerResponse; url: URL }): void {
    const pod = this.store.get(route.type, route.namespace, route.name ?? '');
    const query = call.url.searchParams;
    const names = [...(pod.spec.initContainers ?? []), ...pod.spec.containers].map((one: Stored) => one.name as string);
    const container = query.get('container') ?? (names.length === 1 ? (names[0] ?? '') : '');
    if (container === '')
      throw new StatusError(
        400,
        'BadRequest',
        `a container name must be specified for pod ${route.name}, choose one of: [${names.join(' ')}]`,
      );
    if (!names.includes(container))
      throw new StatusError(400, 'BadRequest', `container ${container} is not valid for pod ${route.name}`);
    if (this.#ownLog(pod, call, query.get('follow') === 'true')) return;
    const key = `${route.namespace}/${route.name}/${container}`;
    const previous = query.get('previous') === 'true';
    const text = this.logs.get(previous ? `${key}/previous` : key);
    if (text === undefined && previous)
      throw new StatusError(
        400,
        'BadRequest',
        `previous terminated container "${container}" in pod "${route.name}" not found`,
      );
    const lines = (text ?? '').split(/(?<=\n)/u);
    const tail = query.get('tailLines');
    const kept = tail === null ? lines : Number(tail) === 0 ? [] : lines.slice(-Number(tail));
    const limit = query.get('limitBytes');
    const whole = Buffer.from(kept.join(''));
    call.response.writeHead(200, { 'content-type': 'text/plain' });
    call.response.end(limit === null ? whole : whole.subarray(0, Number(limit)));
  }

  /** The output of a process that runs here, as it comes. False for pods that only pretend. */
  #ownLog(pod: Stored, { response }: { response: ServerResponse }, follow: boolean): boolean {
    const log = this.kubelet.outputOf(pod);
    const [status] = pod.status?.containerStatuses ?? [];
    if (log === null && status?.state?.waiting !== undefined && pod.metadata.labels?.['job-name'] !== undefined) {
      const why = `container "${status.name}" in pod "${pod.metadata.name}" is waiting to start: ${status.state.waiting.reason}`;
      throw new StatusError(400, 'BadRequest', why);
    }
    if (log === null) return false;
    response.writeHead(200, { 'content-type': 'text/plain' });
    response.write(Buffer.concat(log.output));
    if (!follow || log.over) {
      response.end();
      return true;
    }
    const onChunk = (chunk: Buffer) => response.write(chunk);
    log.news.on('chunk', onChunk);
    log.news.once('end', () => response.end());
    this.#streams.add(response);
    response.on('close', () => {
      log.news.off('chunk', onChunk);
      this.#streams.delete(response);
    });
    return true;
  }

  /** exec over WebSocket, v4 of the channel protocol. As in servers before 1.35 the right to GET pods/exec is enough. */
  #upgrades(): void {
    const sockets = new WebSocketServer({
      noServer: true,
      handleProtocols: (offered) => (offered.has('v4.channel.k8s.io') ? 'v4.channel.k8s.io' : false),
    });
    this.#server.on('upgrade', (request, socket, head) => {
      try {
        const url = new URL(request.url ?? '/', 'https://localhost');
        const user = this.#user(request);
        this.requests.push({ method: 'GET', path: url.pathname + url.search, user: user.name, dryRun: false });
        const route = routeOf(url);
        this.#authorize(user, 'GET', url, route);
        if (route.subresource !== 'exec') throw new StatusError(400, 'BadRequest', 'only exec streams here');
        this.store.get(route.type, route.namespace, route.name ?? '');
        sockets.handleUpgrade(request, socket, head, (client) => void this.#exec(client, url));
      } catch (error) {
        if (!(error instanceof StatusError)) throw error;
        const body = JSON.stringify(statusOf(error));
        socket.end(
          `HTTP/1.1 ${error.code} ${error.reason}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
        );
      }
    });
  }

  async #exec(client: WebSocket, url: URL): Promise<void> {
    const wanted = Number(url.searchParams.get('stdin') === 'true' ? 1 : 0);
    const chunks: Buffer[] = [];
    const stdin = new Promise<Buffer>((resolve) => {
      if (wanted === 0) resolve(Buffer.alloc(0));
      client.on('message', (data: Buffer) => {
        if (data[0] === 0) chunks.push(data.subarray(1));
        const whole = Buffer.concat(chunks);
        // v4 has no way to close stdin: an archive says itself where it ends.
        if (whole.length >= 1024 && whole.subarray(-1024).every((byte) => byte === 0)) resolve(whole);
      });
    });
    const result = await this.run(url.searchParams.getAll('command'), stdin);
    const out = Buffer.isBuffer(result.stdout) ? result.stdout : Buffer.from(result.stdout ?? '');
    for (let at = 0; at < out.length; at += 32_768)
      client.send(Buffer.concat([Buffer.from([1]), out.subarray(at, at + 32_768)]));
    if (result.stderr) client.send(Buffer.concat([Buffer.from([2]), Buffer.from(result.stderr)]));
    const code = result.exitCode ?? 0;
    const status =
      code === 0
        ? { metadata: {}, status: 'Success' }
        : {
            metadata: {},
            status: 'Failure',
            message: `command terminated with non-zero exit code: exit status ${code}`,
            reason: 'NonZeroExitCode',
            details: { causes: [{ reason: 'ExitCode', message: String(code) }] },
          };
    client.send(Buffer.concat([Buffer.from([3]), Buffer.from(JSON.stringify(status))]));
    client.close(1000);
  }
}

/** What is stored of an object that somebody makes over the API. */
function admitted(type: ServedType, body: Stored): Stored {
  if (type.plural === 'secrets') checkSecret(body);
  if (type.plural !== 'jobs') return body;
  checkJob(body);
  return withSelector(body, randomUUID());
}

function routeOf(url: URL): Route {
  const parts = url.pathname.split('/').slice(1).map(decodeURIComponent);
  const notFound = () => new StatusError(404, 'NotFound', 'the server could not find the requested resource');
  const [root, ...rest] = parts;
  const [group, version, ...path] = root === 'api' ? ['', ...rest] : root === 'apis' ? rest : [];
  if (path.some((part) => part === '' || part === '..' || part.includes('/'))) throw notFound();
  const spaced = path[0] === 'namespaces' && path.length > 2;
  const [plural = '', name = null, subresource = null, ...more] = spaced ? path.slice(2) : path;
  const type = SERVED_TYPES.find((one) => one.group === group && one.version === version && one.plural === plural);
  if (!type || more.length > 0 || (spaced && !type.namespaced)) throw notFound();
  if (name !== null && type.namespaced && !spaced) throw notFound();
  if (subresource !== null && !Object.hasOwn(type.subresources, subresource)) throw notFound();
  return { type, namespace: spaced ? (path[1] ?? null) : null, name, subresource };
}

function scaleOf(object: Stored): Stored {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: { replicas: object.spec.replicas ?? 1 },
    status: { replicas: object.status?.replicas ?? 0 },
  };
}

function scaled(object: Stored, scale: Stored | null): Stored {
  const replicas: unknown = scale?.spec?.replicas;
  if (typeof replicas !== 'number' || replicas < 0)
    throw new StatusError(422, 'Invalid', 'spec.replicas: Invalid value');
  const version = scale?.metadata?.resourceVersion as string | undefined;
  const metadata = version === undefined ? object.metadata : { ...object.metadata, resourceVersion: version };
  return { ...object, metadata, spec: { ...object.spec, replicas } };
}

function asTable(request: IncomingMessage): boolean {
  const accept = request.headers.accept ?? '*/*';
  if (!/json|\*\/\*|protobuf/u.test(accept))
    throw new StatusError(406, 'NotAcceptable', 'only the following media types are accepted: application/json');
  return /as=Table;v=v1;g=meta\.k8s\.io|as=Table;g=meta\.k8s\.io;v=v1/u.test(accept);
}

async function readBody(request: IncomingMessage): Promise<Stored | null> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('utf8');
  if (text === '') return null;
  if (request.headers['content-type']?.includes('yaml')) {
    const { parse } = await import('yaml');
    return parse(text) as Stored;
  }
  try {
    return JSON.parse(text) as Stored;
  } catch {
    throw new StatusError(400, 'BadRequest', 'the body is no JSON');
  }
}

function statusOf(error: StatusError): Stored {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: error.message,
    reason: error.reason,
    details: error.details,
    code: error.code,
  };
}

function answer(response: ServerResponse, code: number, body: unknown): void {
  response.writeHead(code, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

/**
 * As the real server has it (apiserver, handlers/delete.go): a deletion that comes with a body takes its options from there
 * alone, and `dryRun` of its address says nothing.
 */
function isDryRun(method: string, url: URL, body: Stored | null): boolean {
  if (method === 'DELETE' && body !== null)
    return (body.dryRun as readonly unknown[] | undefined)?.includes('All') ?? false;
  return url.searchParams.get('dryRun') === 'All';
}
