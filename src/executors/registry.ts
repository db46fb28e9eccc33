import type { Language } from '../domain/runbook.ts';
import { type Clock, systemClock } from '../lib/clock.ts';
import { createDockerExecutor } from './docker/docker-executor.ts';
import type { Executor } from './executor.ts';
import { createHttpExecutor } from './http/http-executor.ts';
import { type ResolveName, resolveBySystem } from './http/send-request.ts';
import { createKubectlExecutor } from './kubectl/kubectl-executor.ts';
import { createProbeExecutor } from './probe/probe-executor.ts';
import { createPromqlExecutor } from './promql/promql-executor.ts';
import { createRedisExecutor } from './redis/redis-executor.ts';
import type { SecretResolver } from './secrets.ts';
import { createShExecutor } from './sh/sh-executor.ts';
import { createSqlExecutor } from './sql/sql-executor.ts';
import type { EmbeddedConnections } from './sql/sql-target.ts';

/** What the executors are built with. */
export type ExecutorDependencies = {
  /** Resolves names of secrets (`createSecretResolver`). */
  readonly secrets: SecretResolver;
  /** Warroom's own database for targets with `connection: { embedded: true }`: as a role that may only read, and as its owner. */
  readonly embedded?: EmbeddedConnections;
  readonly clock?: Clock;
  /** Name resolution of the `http` and `probe` executors; the machine's own without it. */
  readonly resolveName?: ResolveName;
};

/** Every executor that this build has, by the language of its fences. A language that is absent cannot be run. */
export function createExecutors(dependencies: ExecutorDependencies): ReadonlyMap<Language, Executor> {
  const shared = { secrets: dependencies.secrets, clock: dependencies.clock ?? systemClock };
  const executors = [
    createHttpExecutor({ ...shared, resolveName: dependencies.resolveName ?? resolveBySystem }),
    createSqlExecutor({ ...shared, embedded: dependencies.embedded }),
    createRedisExecutor(shared),
    createShExecutor(shared),
    createKubectlExecutor(shared),
    createDockerExecutor(shared),
    createPromqlExecutor({ ...shared, resolveName: dependencies.resolveName ?? resolveBySystem }),
    createProbeExecutor({ clock: shared.clock, resolveName: dependencies.resolveName ?? resolveBySystem }),
  ];
  return new Map(executors.map((executor) => [executor.language, executor]));
}
