import { z } from 'zod';
import type { Json } from '../../lib/canonical-json.ts';
import { UserError } from '../../lib/errors.ts';
import { type Container, containerPath, ONEOFF_LABEL } from './containers.ts';
import { type Engine, EngineError, MAX_STREAM, type Streams } from './engine.ts';
import { type Outcome, optionOf, type VerbUse } from './verb.ts';

const created = z.looseObject({ Id: z.string() });
const finished = z.looseObject({ ExitCode: z.number().nullish(), Running: z.boolean().nullish() });

/** Runs a program inside of a container that is up, without input and without a terminal. Its exit code is the result's. */
export async function exec(use: VerbUse, container: Container): Promise<Outcome> {
  const { command, engine } = use;
  const user = optionOf(command, 'user');
  const folder = optionOf(command, 'workdir');
  const body: Json = {
    AttachStdout: true,
    AttachStderr: true,
    AttachStdin: false,
    Tty: false,
    Cmd: [...command.inner],
    ...(command.options.has('env') ? { Env: variables(use) } : {}),
    ...(user === null ? {} : { User: user }),
    ...(folder === null ? {} : { WorkingDir: folder }),
  };
  const { Id } = created.parse(await engine.json({ method: 'POST', path: containerPath(container.id, 'exec'), body }));
  const streams = await engine.streams(
    { method: 'POST', path: `/exec/${Id}/start`, body: { Detach: false, Tty: false } },
    false,
  );
  if (streams.cut) {
    return {
      ...said(streams),
      failure: `The program printed more than ${MAX_STREAM / 1024 / 1024} MiB and was left alone: have it print less.`,
    };
  }
  const end = finished.parse(await howItEnded(engine, Id));
  if (end.Running === true)
    return {
      ...said(streams),
      unknown: 'The output ended and the program goes on, or the connection broke: look at `docker top`.',
    };
  return ended(streams, container, end.ExitCode ?? 0);
}

/** Some engines forget a program soon after its end. It ran, and how it ended is not known then. */
async function howItEnded(engine: Engine, id: string): Promise<Json> {
  try {
    return await engine.json({ method: 'GET', path: `/exec/${id}/json` });
  } catch (error) {
    if (!(error instanceof EngineError && error.status === 404)) throw error;
    throw new EngineError('it has forgotten how the program ended', { status: null, sent: true });
  }
}

const template = z.looseObject({
  Config: z.record(z.string(), z.unknown()),
  HostConfig: z.record(z.string(), z.unknown()),
  NetworkSettings: z
    .looseObject({ Networks: z.record(z.string(), z.looseObject({ Aliases: z.unknown() })).nullish() })
    .nullish(),
});
const waited = z.looseObject({ StatusCode: z.number() });

/**
 * `docker compose run --rm`: a second container made like one of the service that exists (image, environment, mounts, networks), with
 * another command, without ports and restarts, removed at its end. Compose files are not read: labels cannot rebuild a service.
 */
export async function runOnce(use: VerbUse, container: Container): Promise<Outcome> {
  const { command, engine } = use;
  if (!command.options.has('rm'))
    throw new UserError('statement_invalid', '`docker compose run` leaves a container behind: write `run --rm`.');
  const model = template.parse(await engine.json({ method: 'GET', path: containerPath(container.id, 'json') }));
  const config = model.Config as Readonly<Record<string, Json>>;
  const { ExposedPorts: _ports, Hostname: _name, Healthcheck: _check, MacAddress: _address, ...kept } = config;
  const labels = (typeof config.Labels === 'object' ? config.Labels : {}) as Readonly<Record<string, Json>>;
  const user = optionOf(command, 'user');
  const folder = optionOf(command, 'workdir');
  const body: Json = {
    ...kept,
    Cmd: command.inner.length > 0 ? [...command.inner] : (config.Cmd ?? []),
    Env: [...(Array.isArray(config.Env) ? (config.Env as readonly Json[]) : []), ...variables(use)],
    Labels: { ...labels, [ONEOFF_LABEL]: 'True' },
    Tty: false,
    OpenStdin: false,
    ...(user === null ? {} : { User: user }),
    ...(folder === null ? {} : { WorkingDir: folder }),
    HostConfig: {
      ...(model.HostConfig as Readonly<Record<string, Json>>),
      PortBindings: {},
      RestartPolicy: { Name: 'no' },
      AutoRemove: false,
      ContainerIDFile: '',
    },
  };
  const { Id } = created.parse(await engine.json({ method: 'POST', path: '/containers/create', body }));
  try {
    await engine.json({ method: 'POST', path: containerPath(Id, 'start') });
    const end = waited.parse(await engine.json({ method: 'POST', path: containerPath(Id, 'wait') }));
    const query = { stdout: 'true', stderr: 'true' };
    const streams = await engine.streams({ method: 'GET', path: containerPath(Id, 'logs'), query }, false);
    return ended(streams, { ...container, name: `a container like ${container.name}` }, end.StatusCode);
  } finally {
    await engine.remove(Id);
  }
}

function ended(streams: Streams, container: Container, exitCode: number): Outcome {
  const outcome = { ...said(streams), exitCode };
  return exitCode === 0
    ? outcome
    : { ...outcome, failure: `The program in ${container.name} ended with exit code ${exitCode}: see its output.` };
}

function said(streams: Streams): Outcome {
  return { rows: [], stdout: streams.stdout, stderr: streams.stderr };
}

function variables(use: VerbUse): string[] {
  const given = use.command.options.get('env') ?? [];
  for (const variable of given) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*=/u.test(variable))
      throw new UserError(
        'statement_invalid',
        `\`${variable.slice(0, 40)}\` is no variable: write NAME=value; Warroom's own environment is not passed on.`,
      );
  }
  return [...given];
}
