import { UserError } from '../../lib/errors.ts';
import {
  filterQuery,
  type Listed,
  listContainers,
  NUMBER_LABEL,
  nameOf,
  ONEOFF_LABEL,
  PROJECT_LABEL,
  SERVICE_LABEL,
} from './containers.ts';
import { optionOf, type VerbUse } from './verb.ts';

/**
 * The containers of the compose project, of the named services or of all, by the labels that compose gives them. Throws UserError
 * `compose_unknown` where a service has no container or the project is not clear.
 */
export async function serviceContainers(use: VerbUse, services: readonly string[]): Promise<Listed[]> {
  const project = await projectOf(use, services);
  const label = [`${PROJECT_LABEL}=${project}`];
  const all = await listContainers(use.engine, { ...filterQuery({ label }), all: 'true' });
  const own = all
    .filter((item) => item.Labels?.[ONEOFF_LABEL]?.toLowerCase() !== 'true')
    .sort((a, b) => sortKey(a).localeCompare(sortKey(b), 'en'));
  if (own.length === 0) {
    throw new UserError(
      'compose_unknown',
      `The engine has no container of the compose project ${project}: correct \`options.project\`, or bring it up where its compose file is.`,
    );
  }
  const names = [...new Set(own.map(serviceOf))];
  const missing = services.find((service) => !names.includes(service));
  if (missing !== undefined) {
    throw new UserError(
      'compose_unknown',
      `The service ${missing} of ${project} has no container, and Warroom cannot build one from labels: bring it up where its compose file is. There are ${names.join(', ')}.`,
    );
  }
  return services.length === 0 ? own : own.filter((item) => services.includes(serviceOf(item)));
}

/** The container with the asked number (`--index`), the first one without. */
export function atIndex(containers: readonly Listed[], use: VerbUse): Listed {
  const index = optionOf(use.command, 'index') ?? '1';
  const found =
    containers.find((item) => (item.Labels?.[NUMBER_LABEL] ?? '1') === index) ??
    (index === '1' ? containers[0] : undefined);
  if (!found)
    throw new UserError(
      'compose_unknown',
      `There is no container number ${index.slice(0, 10)} of this service: use another --index.`,
    );
  return found;
}

export function serviceOf(container: Listed): string {
  return container.Labels?.[SERVICE_LABEL] ?? nameOf(container);
}

async function projectOf(use: VerbUse, services: readonly string[]): Promise<string> {
  const asked = optionOf(use.command, 'project-name');
  if (use.project !== null) {
    if (asked === null || asked === use.project) return use.project;
    throw new UserError(
      'compose_unknown',
      `The target is the compose project ${use.project}, not ${asked.slice(0, 60)}: make a target of it.`,
    );
  }
  if (asked !== null) return asked;
  const all = await listContainers(use.engine, { ...filterQuery({ label: [PROJECT_LABEL] }), all: 'true' });
  const fitting = services.length === 0 ? all : all.filter((item) => services.includes(serviceOf(item)));
  const projects = [...new Set(fitting.flatMap((item) => item.Labels?.[PROJECT_LABEL] ?? []))];
  const [only] = projects;
  if (only !== undefined && projects.length === 1) return only;
  const which = projects.length === 0 ? 'none with such a service' : projects.join(', ');
  throw new UserError(
    'compose_unknown',
    `The target names no compose project, and the engine has ${which}: give the target \`options.project\`.`,
  );
}

function sortKey(container: Listed): string {
  return `${serviceOf(container)} ${(container.Labels?.[NUMBER_LABEL] ?? '').padStart(6, '0')} ${nameOf(container)}`;
}
