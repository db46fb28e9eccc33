import type { TargetDefinition } from '../../../src/domain/system.ts';
import { createDockerExecutor } from '../../../src/executors/docker/docker-executor.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { InternalError } from '../../../src/lib/errors.ts';
import { type TestEngine, testEngine } from '../../support/docker-engine.ts';
import { engineOverSsh, engineOverTls } from '../../support/docker-far.ts';
import type { ContractSetup } from '../contract.ts';

/** How an engine is reached: the target's options, what each credential has beside its secret, and where nobody answers. */
type Way = {
  readonly options: Readonly<Record<string, unknown>>;
  readonly credential?: Readonly<Record<string, unknown>>;
  readonly secrets?: Readonly<Record<string, string>>;
  readonly nowhere: string;
  /** How many values are tried: each statement takes several connections. */
  readonly runs?: number;
  stop?(): Promise<void>;
};

/** A real engine over its own socket. */
export const docker: ContractSetup = () =>
  engineBy((engine) =>
    Promise.resolve({ options: { host: `unix://${engine.socket}` }, nowhere: 'unix:///nonexistent/engine.sock' }),
  );

/** The same behind TLS that asks for a client certificate. */
export const dockerOverTls: ContractSetup = () =>
  engineBy(async (engine) => {
    const way = await engineOverTls(engine.socket);
    return {
      options: { host: way.host, ca: way.ca },
      credential: { certificate: { secret: 'file:/tls/cert' }, key: { secret: 'file:/tls/key' } },
      secrets: { 'file:/tls/cert': way.client.certificate, 'file:/tls/key': way.client.key },
      nowhere: 'https://localhost:1',
      stop: way.stop,
    };
  });

/** The same at the other end of a real sshd. */
export const dockerOverSsh: ContractSetup = () =>
  engineBy(async (engine) => {
    const way = await engineOverSsh(engine.socket);
    return (
      way && {
        options: { host: way.host, knownHosts: way.knownHosts },
        credential: { identity: way.identity },
        nowhere: 'ssh://nobody@127.0.0.1:1',
        runs: 6,
        stop: way.stop,
      }
    );
  });

/** An engine with a container to work in, a talkative one, and one that is prey. */
async function engineBy(open: (engine: TestEngine) => Promise<Way | null>): ReturnType<ContractSetup> {
  const engine = await testEngine();
  if (engine === null) return null;
  const way = await open(engine);
  if (way === null) {
    await engine.stop();
    return null;
  }
  const wait = ['sh', '-c', 'trap "exit 0" TERM; while true; do sleep 0.2; done'];
  await engine.create({ name: 'box', command: wait });
  await engine.create({ name: 'prey', command: wait });
  const talk = `echo FIRST; n=0; while [ $n -lt 200 ]; do echo ${'x'.repeat(100)}; n=$((n+1)); done; echo LAST`;
  const talker = await engine.create({ name: 'talker', command: ['sh', '-c', talk] });
  await engine.call('POST', `/containers/${talker}/wait`); // then nothing changes by itself any more
  const header = (name: string) => ({
    ...way.credential,
    headers: { authorization: { secret: `env:${name}`, prefix: 'Bearer ' } },
  });
  const target: TargetDefinition = {
    name: 'engine',
    executor: 'docker',
    description: null,
    options: way.options,
    read: header('READ_SECRET'),
    write: header('WRITE_SECRET'),
  };
  return {
    subject: {
      executor: createDockerExecutor({
        clock: systemClock,
        secrets: () => Promise.reject(new InternalError('test', 'the run gives its own')),
      }),
      target,
      effect: 'change',
      ...(way.secrets && { secrets: way.secrets }),
      echo: { text: 'docker exec box printf %s ${value}', read: (value) => value.stdout },
      refuses: (value) => value.startsWith('-'),
      runs: way.runs ?? 20,
      slow: 'docker exec box sleep 60',
      goesOn: true,
      large: 'docker logs talker',
      change: 'docker restart -t 2 prey',
      state: () => engine.state(),
      unreachable: { ...target, options: { ...way.options, host: way.nowhere } },
      badTargets: [
        { ...target, options: { host: 'http://x' } },
        { ...target, options: { host: 'tcp://engine.example:2375' } },
        { ...target, options: { host: 'ssh://-oProxyCommand=id/' } },
        { ...target, options: { host: `unix://${engine.socket}`, project: 'a b' } },
        { ...target, write: { headers: { authorization: { secret: 'plain' } } } },
      ],
      variants: [
        { text: 'docker exec box printf "%s " ${value}' },
        { text: 'docker exec box printf %s ${value} | cat' },
        { target: { ...target, options: { host: 'unix:///other.sock' } } },
      ],
    },
    stop: async () => {
      await way.stop?.();
      await engine.stop();
    },
  };
}
