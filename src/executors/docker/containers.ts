import { z } from 'zod';
import { UserError } from '../../lib/errors.ts';
import type { Engine } from './engine.ts';

const port = z.looseObject({
  IP: z.string().nullish(),
  PrivatePort: z.number().nullish(),
  PublicPort: z.number().nullish(),
  Type: z.string().nullish(),
});

const listed = z.looseObject({
  Id: z.string(),
  Names: z.array(z.string()).nullish(),
  Image: z.string().nullish(),
  Command: z.string().nullish(),
  Created: z.number().nullish(),
  Ports: z.array(port).nullish(),
  Labels: z.record(z.string(), z.string()).nullish(),
  State: z.string().nullish(),
  Status: z.string().nullish(),
  SizeRw: z.number().nullish(),
});
export type Listed = z.output<typeof listed>;

/** What the executor needs to know of one container before it does something with it. */
export type Container = { readonly id: string; readonly name: string; readonly terminal: boolean };

const inspected = z.looseObject({
  Id: z.string(),
  Name: z.string().default(''),
  Config: z.looseObject({ Tty: z.boolean().nullish() }).nullish(),
});

export const PROJECT_LABEL = 'com.docker.compose.project';
export const SERVICE_LABEL = 'com.docker.compose.service';
export const NUMBER_LABEL = 'com.docker.compose.container-number';
export const ONEOFF_LABEL = 'com.docker.compose.oneoff';

/** Filters as the Engine API takes them. */
export function filterQuery(filters: Readonly<Record<string, readonly string[]>>): Record<string, string> {
  return Object.keys(filters).length === 0 ? {} : { filters: JSON.stringify(filters) };
}

/** `--filter key=value`, several times. Throws UserError `statement_invalid`. */
export function readFilters(given: readonly string[]): Record<string, string[]> {
  const filters: Record<string, string[]> = {};
  for (const text of given) {
    const match = /^(?<key>[a-z][a-z-]*!?)=(?<value>.+)$/su.exec(text)?.groups;
    if (!match?.key)
      throw new UserError('statement_invalid', `\`${text.slice(0, 60)}\` is no filter: write name=value.`);
    filters[match.key] = [...(filters[match.key] ?? []), match.value ?? ''];
  }
  return filters;
}

/** Containers by filter, all of them or the running ones. */
export async function listContainers(engine: Engine, query: Readonly<Record<string, string>>): Promise<Listed[]> {
  const answer = await engine.json({ method: 'GET', path: '/containers/json', query });
  return z.array(listed).parse(answer ?? []);
}

/** One container by name or id. Throws EngineError with status 404 where there is none. */
export async function findContainer(engine: Engine, reference: string): Promise<Container> {
  const found = inspected.parse(await engine.json({ method: 'GET', path: containerPath(reference, 'json') }));
  return { id: found.Id, name: found.Name.replace(/^\//u, ''), terminal: found.Config?.Tty === true };
}

/** Path of a container. Throws UserError `value_refused` for what cannot be a name or an id. */
export function containerPath(reference: string, what: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9_.-]{0,254}$/u.test(reference))
    throw new UserError(
      'value_refused',
      `\`${reference.slice(0, 60)}\` cannot be the name of a container: correct it.`,
    );
  return `/containers/${reference}/${what}`;
}

/** The name that people use. */
export function nameOf(container: Listed): string {
  return (container.Names?.[0] ?? container.Id.slice(0, 12)).replace(/^\//u, '');
}
