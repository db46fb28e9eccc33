import { UserError } from '../../lib/errors.ts';
import { act, prune } from './acts.ts';
import { atIndex, serviceContainers } from './compose.ts';
import { type Container, findContainer, type Listed, nameOf } from './containers.ts';
import { exec, runOnce } from './inside.ts';
import { events, images, ps, renderContainers, systemDf } from './listings.ts';
import { logs } from './logs.ts';
import { inspect, runningContainers, stats, top } from './looks.ts';
import type { Outcome, VerbUse } from './verb.ts';

/** Carries out one command. Throws EngineError and UserError. */
export async function runVerb(use: VerbUse): Promise<Outcome> {
  const { verb, operands } = use.command;
  if (verb.startsWith('compose ')) return await composeVerb(use, verb.slice('compose '.length));
  switch (verb) {
    case 'ps':
      return await ps(use);
    case 'images':
      return await images(use);
    case 'system df':
      return await systemDf(use);
    case 'events':
      return await events(use);
    case 'inspect':
      return await inspect(use);
    case 'logs':
      return await logs(use, await named(use));
    case 'top':
      return await top(use, await named(use));
    case 'stats':
      return await stats(use, operands.length === 0 ? await runningContainers(use) : await named(use));
    case 'restart':
    case 'stop':
    case 'start':
    case 'kill':
      return await act(use, verb, await named(use));
    case 'exec':
      return await exec(use, await first(use));
    default:
      return await prune(use);
  }
}

async function composeVerb(use: VerbUse, verb: string): Promise<Outcome> {
  const { operands, options } = use.command;
  if (verb === 'up' && !options.has('detach'))
    throw new UserError('statement_invalid', '`docker compose up` without -d never ends: write `up -d`.');
  const containers = await serviceContainers(use, operands);
  const running = containers.filter(({ State }) => State === 'running');
  switch (verb) {
    case 'ps':
      return renderContainers(options.has('all') ? containers : running, use);
    case 'logs':
      return await logs(use, await inspected(use, containers));
    case 'top':
      return await top(use, running.map(known));
    case 'stats':
      return await stats(use, running.map(known));
    case 'restart':
    case 'stop':
    case 'start':
      return await act(use, verb, containers.map(known));
    case 'kill':
      return await act(use, verb, running.map(known));
    case 'up':
      return await up(use, containers);
    case 'exec':
      return await exec(use, known(atIndex(containers, use)));
    default:
      return await runOnce(use, known(atIndex(containers, use)));
  }
}

/** Labels say what a service was, not what its file says now: only what exists is started. */
async function up(use: VerbUse, containers: readonly Listed[]): Promise<Outcome> {
  const down = containers.filter(({ State }) => State !== 'running');
  const started = await act(use, 'start', down.map(known));
  const warnings = [
    'Started from the containers that exist: changes of the compose file are not applied, nothing is built or made anew.',
  ];
  if (down.length > 0) return { ...started, warnings };
  return { ...started, stdout: `All ${containers.length} containers are up already.`, warnings };
}

async function named(use: VerbUse): Promise<Container[]> {
  return await Promise.all(use.command.operands.map((reference) => findContainer(use.engine, reference)));
}

async function inspected(use: VerbUse, containers: readonly Listed[]): Promise<Container[]> {
  return await Promise.all(
    containers.map(async (item) => ({ ...(await findContainer(use.engine, item.Id)), name: nameOf(item) })),
  );
}

async function first(use: VerbUse): Promise<Container> {
  return await findContainer(use.engine, use.command.operands[0] ?? '');
}

function known(container: Listed): Container {
  return { id: container.Id, name: nameOf(container), terminal: false };
}
