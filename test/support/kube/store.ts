import { createHash, randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { groupVersion, SERVED_TYPES, type ServedType } from './served-types.ts';

// biome-ignore lint/suspicious/noExplicitAny: objects of any shape are what the server is about
export type Stored = Record<string, any>;

/** An answer that is no object. */
export class StatusError extends Error {
  readonly code: number;
  readonly reason: string;
  readonly details: Record<string, unknown>;
  constructor(code: number, reason: string, message: string, details: Record<string, unknown> = {}) {
    super(message);
    this.code = code;
    this.reason = reason;
    this.details = details;
  }
}

export type Change = {
  readonly event: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly type: ServedType;
  readonly object: Stored;
};

/** The objects of an imitated cluster with one counter of versions, and just enough of its controllers for rollouts. */
export class Store {
  readonly changes = new EventEmitter().setMaxListeners(0);
  readonly #objects = new Map<string, Stored>();
  #version = 1000;
  /** Deployments of these names never finish a rollout. */
  readonly stuck = new Set<string>();
  /** What was deleted, with the version of that moment: for whoever begins to watch just afterwards. */
  readonly deleted: { readonly type: ServedType; readonly object: Stored }[] = [];
  readonly now: () => Date;

  constructor(now: () => Date) {
    this.now = now;
  }

  get version(): string {
    return String(this.#version);
  }

  key(type: ServedType, namespace: string | null, name: string): string {
    return `${type.group}/${type.plural}/${type.namespaced ? namespace : ''}/${name}`;
  }

  get(type: ServedType, namespace: string | null, name: string): Stored {
    const found = this.#objects.get(this.key(type, namespace, name));
    if (found) return found;
    throw new StatusError(404, 'NotFound', `${qualified(type)} "${name}" not found`, {
      name,
      group: type.group || undefined,
      kind: type.plural,
    });
  }

  list(type: ServedType, namespace: string | null): Stored[] {
    const prefix = `${type.group}/${type.plural}/`;
    return [...this.#objects]
      .filter(([key]) => key.startsWith(prefix) && (namespace === null || key.startsWith(`${prefix}${namespace}/`)))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, object]) => object);
  }

  create(type: ServedType, namespace: string | null, body: Stored, dryRun: boolean): Stored {
    const name = body.metadata?.name;
    if (typeof name !== 'string' || !/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/u.test(name))
      throw new StatusError(422, 'Invalid', `${type.kind} "${name}" is invalid: metadata.name: Invalid value`);
    if (this.#objects.has(this.key(type, namespace, name)))
      throw new StatusError(409, 'AlreadyExists', `${qualified(type)} "${name}" already exists`);
    if (type.namespaced && namespace !== null) this.get(typeOf('namespaces'), null, namespace);
    const object: Stored = {
      apiVersion: groupVersion(type),
      kind: type.kind,
      ...structuredClone(body),
      metadata: {
        ...structuredClone(body.metadata),
        ...(type.namespaced ? { namespace } : {}),
        uid: body.metadata.uid ?? randomUUID(),
        creationTimestamp:
          body.metadata.creationTimestamp ??
          this.now()
            .toISOString()
            .replace(/\.\d+Z$/u, 'Z'),
        generation: 1,
      },
    };
    if (type.plural === 'namespaces') object.status = { phase: 'Active' };
    return dryRun ? this.#stamped(object) : this.put(type, object, 'ADDED');
  }

  /** Takes a new content of an existing object. Generation counts changes of the spec. */
  update(type: ServedType, before: Stored, after: Stored, dryRun: boolean): Stored {
    if (after.metadata?.resourceVersion && after.metadata.resourceVersion !== before.metadata.resourceVersion) {
      throw new StatusError(
        409,
        'Conflict',
        `Operation cannot be fulfilled on ${qualified(type)} "${before.metadata.name}": the object has been modified; please apply your changes to the latest version and try again`,
      );
    }
    const same = JSON.stringify(before) === JSON.stringify(after);
    if (same) return before;
    const changedSpec = JSON.stringify(before.spec) !== JSON.stringify(after.spec);
    const object = structuredClone(after);
    object.metadata = {
      ...object.metadata,
      uid: before.metadata.uid,
      creationTimestamp: before.metadata.creationTimestamp,
      generation: (before.metadata.generation ?? 1) + (changedSpec ? 1 : 0),
    };
    if (dryRun) return this.#stamped(object);
    const stored = this.put(type, object, 'MODIFIED');
    if (changedSpec && type.plural === 'deployments') this.#roll(type, before, stored);
    return this.get(type, stored.metadata.namespace ?? null, stored.metadata.name);
  }

  remove(type: ServedType, object: Stored): void {
    this.#objects.delete(this.key(type, object.metadata.namespace ?? null, object.metadata.name));
    const gone = this.#stamped(object);
    this.deleted.push({ type, object: gone });
    this.changes.emit('change', { event: 'DELETED', type, object: gone } satisfies Change);
    for (const owned of SERVED_TYPES)
      for (const other of this.list(owned, object.metadata.namespace ?? null))
        if (other.metadata.ownerReferences?.some((owner: Stored) => owner.uid === object.metadata.uid))
          this.remove(owned, other);
  }

  put(type: ServedType, object: Stored, event: 'ADDED' | 'MODIFIED'): Stored {
    const stored = this.#stamped(object);
    this.#objects.set(this.key(type, stored.metadata.namespace ?? null, stored.metadata.name), stored);
    this.changes.emit('change', { event, type, object: stored } satisfies Change);
    return stored;
  }

  /** Everything but versions, for comparisons of before and after. */
  snapshot(): Record<string, Stored> {
    return Object.fromEntries([...this.#objects].map(([key, object]) => [key, structuredClone(object)]));
  }

  #stamped(object: Stored): Stored {
    this.#version += 1;
    return { ...object, metadata: { ...object.metadata, resourceVersion: String(this.#version) } };
  }

  /** A rollout in two looks: one pod of the new revision, then all of them. */
  #roll(type: ServedType, before: Stored, deployment: Stored): void {
    const { name, namespace } = deployment.metadata;
    const desired = deployment.spec.replicas ?? 1;
    const rolled = essence(before.spec.template) !== essence(deployment.spec.template);
    const revision = rolled ? this.#revision(deployment) : deployment.metadata.annotations?.[REVISION];
    const metadata = {
      ...deployment.metadata,
      annotations: { ...deployment.metadata.annotations, [REVISION]: revision },
    };
    const status = { observedGeneration: metadata.generation, replicas: desired, updatedReplicas: desired };
    const done = {
      ...status,
      readyReplicas: desired,
      availableReplicas: desired,
      conditions: [{ type: 'Available', status: 'True' }],
    };
    const partial = {
      ...status,
      replicas: desired + 1,
      updatedReplicas: 1,
      readyReplicas: desired,
      availableReplicas: desired,
    };
    if (!rolled && !this.stuck.has(name)) {
      this.put(type, { ...deployment, metadata, status: done }, 'MODIFIED');
      return;
    }
    this.put(type, { ...deployment, metadata, status: partial }, 'MODIFIED');
    if (this.stuck.has(name)) return;
    setTimeout(() => {
      const now = this.#objects.get(this.key(type, namespace, name));
      if (now?.metadata.generation === metadata.generation) this.put(type, { ...now, status: done }, 'MODIFIED');
    }, 40).unref();
  }

  #revision(deployment: Stored): string {
    const type = typeOf('replicasets');
    const { name, namespace, uid } = deployment.metadata;
    const own = this.list(type, namespace).filter((set) => set.metadata.ownerReferences?.[0]?.uid === uid);
    const next = String(Math.max(0, ...own.map((set) => Number(set.metadata.annotations[REVISION]))) + 1);
    const hash = createHash('sha256').update(essence(deployment.spec.template)).digest('hex').slice(0, 9);
    const existing = own.find((set) => essence(set.spec.template) === essence(deployment.spec.template));
    const annotations = { ...deployment.metadata.annotations, [REVISION]: next };
    if (existing) this.put(type, { ...existing, metadata: { ...existing.metadata, annotations } }, 'MODIFIED');
    else this.addReplicaSet(deployment, `${name}-${hash}`, annotations);
    return next;
  }

  addReplicaSet(deployment: Stored, name: string, annotations: Record<string, string>): void {
    const { namespace, uid } = deployment.metadata;
    const hash = name.split('-').at(-1) ?? '';
    const template = structuredClone(deployment.spec.template);
    template.metadata = { ...template.metadata, labels: { ...template.metadata?.labels, 'pod-template-hash': hash } };
    const labels = template.metadata.labels;
    const owner = { apiVersion: 'apps/v1', kind: 'Deployment', name: deployment.metadata.name, uid, controller: true };
    this.create(
      typeOf('replicasets'),
      namespace,
      {
        metadata: { name, labels, annotations, ownerReferences: [owner] },
        spec: { replicas: deployment.spec.replicas, selector: { matchLabels: labels }, template },
        status: { replicas: 0 },
      },
      false,
    );
  }
}

export const REVISION = 'deployment.kubernetes.io/revision';

export function typeOf(plural: string, group?: string): ServedType {
  const found = SERVED_TYPES.find((type) => type.plural === plural && (group === undefined || type.group === group));
  if (!found) throw new Error(`no type ${plural}`);
  return found;
}

export function qualified(type: ServedType): string {
  return type.group === '' ? type.plural : `${type.plural}.${type.group}`;
}

/** A template without what clients fill in or leave out as they like, and without the label of its replica set. */
function essence(template: unknown): string {
  return JSON.stringify(template, (key, value: unknown) => {
    const empty = value !== null && typeof value === 'object' && Object.keys(value).length === 0;
    if (empty || value === null || key === 'pod-template-hash') return undefined;
    if (typeof value !== 'object' || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
