/**
 * What was tried to get around each executor's limits, and how much of it came through (`npm run proof:escapes`). Counted are tests, not
 * each escape inside of one. A control leaves one protection out and shows what comes through then, or what the others still stop. The last
 * table counts escapes: how many change the real target while one layer is left out, alone or together with those that back it up.
 */
import { filesWith, type Outcome, runTests, table } from './run-tests.ts';

const ATTEMPTS =
  /cannot do|must read|the guard at every request|where they should not|hostile API server|kubeconfig that would do more|the way to an engine/u;
const CONTROLS = /\(controls\)|\bcontrol:|\bwithout (?:it|the list|the parser)\b/u;
const NAMES = ['sql', 'redis', 'http', 'kubectl', 'docker', 'promql', 'probe', 'sh'] as const;

const files = await filesWith('test/executors', 'describe');
const outcomes = await runTests(
  files.filter(
    (file) =>
      NAMES.some((name) => isOf(file, name)) &&
      /escapes|-layers|sh-read|sh-executor|docker-executor|promql-executor|probe-executor/u.test(file),
  ),
  new RegExp(`${ATTEMPTS.source}|${CONTROLS.source}`, 'u'),
);
const titles = ({ groups, title }: Outcome) => [...groups, title];
const isControl = (one: Outcome) => titles(one).some((text) => CONTROLS.test(text));
const isAttempt = (one: Outcome) => !isControl(one) && one.groups.some((text) => ATTEMPTS.test(text));
const count = (among: readonly Outcome[], state: Outcome['state']) => among.filter((one) => one.state === state).length;

const rows = NAMES.map((name) => {
  const own = outcomes.filter(({ file }) => isOf(file, name));
  const [tried, controls] = [own.filter(isAttempt), own.filter(isControl)];
  const cells = [tried.length, count(tried, 'failed'), tried.length - count(tried, 'passed') - count(tried, 'failed')];
  return [name, ...cells.map(String), `${count(controls, 'passed')} of ${controls.length}`];
});
console.log(`\n${table(['executor', 'tests that try', 'came through', 'did not run', 'controls shown'], rows)}\n`);
console.log('Controls, each with one protection left out: what then comes through, or what the others still stop.');
for (const one of outcomes.filter(isControl))
  console.log(
    `- ${one.state === 'passed' ? 'shown' : one.state}: ${one.file.slice('test/executors/'.length)} › ${one.title}`,
  );

const layers = outcomes.flatMap(({ meta }) => (meta.layer ? [meta.layer] : []));
const layerRows = layers.map(({ executor, layer, tried, alone, behind, together }) => [
  ...[executor, layer, String(tried), '0', String(alone.length)],
  ...(behind.length === 0
    ? ['', '', alone.join(', ')]
    : [behind.join(' + '), String(together.length), together.join(', ')]),
]);
const HEAD = ['executor', 'layer', 'tried', 'all stand', 'without it', 'stopped by', 'without these too', 'which'];
console.log('\nLayers, each left out in turn: how many escapes really changed the target.');
console.log(`\n${table(HEAD, layerRows)}\n`);
const unshown = NAMES.filter((name) => !layers.some(({ executor }) => executor === name));
for (const name of unshown) console.log(`no layer of ${name} was shown`);

const relevant = outcomes.filter((one) => isAttempt(one) || isControl(one) || one.title === 'the file itself');
const failed = relevant.filter(({ state }) => state === 'failed');
const skipped = relevant.filter(({ state }) => state === 'skipped' || state === 'pending');
for (const { file, title, reason } of failed) console.log(`failed: ${file} › ${title}: ${reason ?? ''}`);
for (const { file, title, reason } of skipped) console.log(`did not run: ${file} › ${title}: ${reason ?? ''}`);
const empty = rows.some(([, tried]) => tried === '0') || unshown.length > 0;
process.exit(failed.length > 0 || empty || (process.env.CI !== undefined && skipped.length > 0) ? 1 : 0);

function isOf(file: string, name: string): boolean {
  return file.startsWith(`test/executors/${name}-`);
}
