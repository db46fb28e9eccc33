import { StatusError, type Stored } from './store.ts';

/** Keys by which strategic merge patches join lists (Kubernetes API reference, patchMergeKey). */
const MERGE_KEYS: Readonly<Record<string, string>> = {
  containers: 'name',
  initContainers: 'name',
  env: 'name',
  volumes: 'name',
  volumeMounts: 'mountPath',
  ports: 'containerPort',
  conditions: 'type',
  tolerations: '',
};

/** RFC 7386. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (patch === null || typeof patch !== 'object' || Array.isArray(patch)) return patch;
  const result: Stored =
    target !== null && typeof target === 'object' && !Array.isArray(target) ? { ...(target as Stored) } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = mergePatch(result[key], value);
  }
  return result;
}

/** The part of strategic merge patches that clients send: maps merge, known lists join by key, `$patch: delete|replace`, `$setElementOrder` ignored. */
export function strategicPatch(target: unknown, patch: unknown, field = ''): unknown {
  if (Array.isArray(patch)) return strategicList(target, patch, field);
  if (patch === null || typeof patch !== 'object') return patch;
  const record = patch as Stored;
  if (record.$patch === 'replace') {
    const { $patch: _, ...rest } = record;
    return rest;
  }
  const result: Stored =
    target !== null && typeof target === 'object' && !Array.isArray(target) ? { ...(target as Stored) } : {};
  for (const [key, value] of Object.entries(record)) {
    if (key.startsWith('$setElementOrder') || key.startsWith('$retainKeys')) continue;
    if (key.startsWith('$')) throw new StatusError(400, 'BadRequest', `unknown directive ${key}`);
    if (value === null) delete result[key];
    else result[key] = strategicPatch(result[key], value, key);
  }
  return result;
}

function strategicList(target: unknown, patch: unknown[], field: string): unknown {
  const key = MERGE_KEYS[field];
  if (!key || !Array.isArray(target)) return patch.filter((item) => (item as Stored)?.$patch === undefined);
  const result = [...(target as Stored[])];
  for (const item of patch as Stored[]) {
    const at = result.findIndex((candidate) => candidate[key] === item[key]);
    if (item.$patch === 'delete') {
      if (at >= 0) result.splice(at, 1);
    } else if (at >= 0) result[at] = strategicPatch(result[at], item) as Stored;
    else result.push(item);
  }
  return result;
}

/** RFC 6902: add, replace, remove, test. */
export function jsonPatch(target: Stored, operations: unknown): Stored {
  if (!Array.isArray(operations)) throw new StatusError(400, 'BadRequest', 'a JSON patch is a list of operations');
  const result = structuredClone(target);
  for (const { op, path, value } of operations as { op: string; path: string; value?: unknown }[]) {
    const parts = path
      .split('/')
      .slice(1)
      .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
    const last = parts.pop() ?? '';
    const parent = parts.reduce<Stored | undefined>((inner, part) => inner?.[part] as Stored | undefined, result);
    if (parent === undefined || (op !== 'add' && !(last in parent)))
      throw new StatusError(422, 'Invalid', 'the server rejected our request due to an error in our request');
    if (op === 'remove') delete (parent as Stored)[last];
    else if (op === 'test') {
      if (JSON.stringify((parent as Stored)[last]) !== JSON.stringify(value))
        throw new StatusError(422, 'Invalid', 'test failed');
    } else if (Array.isArray(parent) && last === '-') parent.push(value);
    else (parent as Stored)[last] = value;
  }
  return result;
}

/** Who set which leaf, for server-side apply. */
export class FieldOwners {
  readonly #owners = new Map<string, Map<string, string>>();

  /** Throws 409 when another manager set a leaf to something else and `force` is off. */
  claim(
    key: string,
    manager: string,
    use: { document: Stored; live: Stored | null; force: boolean; dryRun: boolean },
  ): void {
    const owners = this.#owners.get(key) ?? new Map<string, string>();
    const leaves = leavesOf(use.document).filter(
      ([path]) => !/^\/(?:apiVersion|kind|metadata\/(?:name|namespace))$/u.test(path),
    );
    const conflicts = leaves.filter(([path, value]) => {
      const owner = owners.get(path);
      const now = path
        .slice(1)
        .split('/')
        .reduce<unknown>((inner, part) => (inner as Stored | undefined)?.[part], use.live ?? {});
      return owner !== undefined && owner !== manager && JSON.stringify(now) !== JSON.stringify(value);
    });
    const [first] = conflicts;
    if (first && !use.force) {
      throw new StatusError(
        409,
        'Conflict',
        `Apply failed with ${conflicts.length} conflict${conflicts.length > 1 ? 's' : ''}: conflict with "${owners.get(first[0])}": ${first[0].replaceAll('/', '.')}`,
      );
    }
    if (use.dryRun) return;
    for (const [path] of leaves) owners.set(path, manager);
    this.#owners.set(key, owners);
  }
}

function leavesOf(value: unknown, path = ''): [string, unknown][] {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return [[path, value]];
  return Object.entries(value).flatMap(([key, inner]) => leavesOf(inner, `${path}/${key}`));
}
