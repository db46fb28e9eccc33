import type { Json } from '../../lib/canonical-json.ts';
import { maskArguments, maskSettings } from '../mask-commands.ts';

/** JSON as the API server gives it; nothing about its inside is certain. */
export type KubeObject = {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata?: {
    readonly name?: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly generation?: number;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly creationTimestamp?: string;
    readonly deletionTimestamp?: string;
    readonly ownerReferences?: readonly {
      readonly kind?: string;
      readonly uid?: string;
      readonly name?: string;
      readonly controller?: boolean;
    }[];
    readonly continue?: string;
    readonly [key: string]: unknown;
  };
  readonly [key: string]: unknown;
};

/** What stands at a path, or undefined: servers leave out what is empty. */
export function at(object: unknown, ...path: (string | number)[]): unknown {
  let value = object;
  for (const key of path) {
    if (value === null || typeof value !== 'object' || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string | number, unknown>)[key];
  }
  return value;
}

/** A number at a path; 0 where the server left it out. */
export function numberAt(object: unknown, ...path: (string | number)[]): number {
  const value = at(object, ...path);
  return typeof value === 'number' ? value : 0;
}

/** A text at a path; empty where the server left it out. */
export function textAt(object: unknown, ...path: (string | number)[]): string {
  const value = at(object, ...path);
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
}

/** A list at a path; empty where the server left it out. */
export function listAt(object: unknown, ...path: (string | number)[]): readonly unknown[] {
  const value = at(object, ...path);
  return Array.isArray(value) ? value : [];
}

/** The items of a list with the kind that lists leave out. */
export function itemsOf(list: KubeObject, kind: { apiVersion: string; kind: string }): KubeObject[] {
  return listAt(list, 'items').map((item) => ({ ...kind, ...(item as KubeObject) }));
}

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';
const SECRET_NAME = /pass(?:word|wd|phrase)?|secret|token|api[-_]?key|private[-_]?key|access[-_]?key|credential|dsn$/iu;
const MASKED = '<secret>';
const VALUES = new Set(['data', 'binaryData', 'stringData']);

/**
 * An object as people may see it: without managed fields, and without the plain values of variables and settings whose names say that
 * they are secret: in `env`, in the words of a command, in the files of a ConfigMap. A Secret inside of another object (a template, a copy
 * that `apply` left) shows its names alone.
 */
export function visibleObject(object: KubeObject): KubeObject {
  return masked(object, []) as KubeObject;
}

function masked(value: unknown, path: readonly string[]): Json {
  if (Array.isArray(value)) {
    const words = ['args', 'command'].includes(path.at(-1) ?? '') && value.every((item) => typeof item === 'string');
    return words ? maskArguments(value as string[]) : value.map((item) => masked(item, path));
  }
  if (value === null || typeof value !== 'object') return (value ?? null) as Json;
  const record = value as Record<string, unknown>;
  const isSecret = typeof record.kind === 'string' && /secret/iu.test(record.kind);
  const entries = Object.entries(record).flatMap(([key, inner]): [string, Json][] => {
    if (key === 'managedFields' && path.at(-1) === 'metadata') return [];
    if (key === LAST_APPLIED && typeof inner === 'string') return [[key, maskedText(inner)]];
    if (key === 'value' && path.at(-1) === 'env' && SECRET_NAME.test(String(record.name)) && inner !== '')
      return [[key, MASKED]];
    if (isSecret && VALUES.has(key)) return [[key, allMasked(inner)]];
    if (VALUES.has(path.at(-1) ?? '') && typeof inner === 'string')
      return [[key, SECRET_NAME.test(key) ? MASKED : maskSettings(inner)]];
    return [[key, masked(inner, [...path, key])]];
  });
  return Object.fromEntries(entries);
}

/** The names stay, because they are what runbooks ask for. */
function allMasked(values: unknown): Json {
  if (values === null || typeof values !== 'object') return MASKED;
  return Object.fromEntries(Object.keys(values).map((key) => [key, MASKED]));
}

function maskedText(text: string): string {
  try {
    return `${JSON.stringify(masked(JSON.parse(text), []))}\n`;
  } catch {
    return MASKED;
  }
}
