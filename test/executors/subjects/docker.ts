import type { TargetDefinition } from '../../../src/domain/system.ts';
import { createDockerExecutor } from '../../../src/executors/docker/docker-executor.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { InternalError } from '../../../src/lib/errors.ts';
import { testEngine } from '../../support/docker-engine.ts';
import type { ContractSetup } from '../contract.ts';

/** A real engine with a container to work in, a talkative one, and one that is prey. */
export const docker: ContractSetup = async () => {
  const engine = await testEngine();
  if (engine === null) return null;
  const wait = ['sh', '-c', 'trap "exit 0" TERM; while true; do sleep 0.2; done'];
  await engine.create({ name: 'box', command: wait });
  await engine.create({ name: 'prey', command: wait });
  const talk = `echo FIRST; n=0; while [ $n -lt 200 ]; do echo ${'x'.repeat(100)}; n=$((n+1)); done; echo LAST`;
  await engine.create({ name: 'talker', command: ['sh', '-c', talk] });
  const header = (name: string) => ({ headers: { authorization: { secret: `env:${name}`, prefix: 'Bearer ' } } });
  const target: TargetDefinition = {
    name: 'engine',
    executor: 'docker',
    description: null,
    options: { host: `unix://${engine.socket}` },
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
      echo: { text: 'docker exec box printf %s ${value}', read: (value) => value.stdout },
      refuses: (value) => value.startsWith('-'),
      runs: 20,
      slow: 'docker exec box sleep 60',
      large: 'docker logs talker',
      change: 'docker restart -t 2 prey',
      state: () => engine.state(),
      unreachable: { ...target, options: { host: 'unix:///nonexistent/engine.sock' } },
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
    stop: () => engine.stop(),
  };
};
