/** Which promise of the contract of executors holds where (`npm run proof:contract`). Under `CI` a promise that did not run is a failure. */
import { filesWith, type Outcome, runTests, table } from './run-tests.ts';

const GROUP = 'the contract of executors: ';
const MARKS: Readonly<Record<Outcome['state'], string>> = { passed: '✓', failed: '✗', skipped: 'n.a.', pending: '✗' };

const outcomes = await runTests(await filesWith('test/executors', 'describeExecutor('));
const contract = outcomes.filter(({ groups }) => groups[0]?.startsWith(GROUP));
const places = [...new Set(contract.map(({ groups }) => groups[0]?.slice(GROUP.length) ?? ''))].sort();
const promises = [...new Set(contract.map(({ title }) => title))];
const at = (title: string, place: string) =>
  contract.find((one) => one.title === title && one.groups[0] === `${GROUP}${place}`);
const cell = (outcome: Outcome | undefined) => (outcome ? MARKS[outcome.state] : 'missing');

console.log(
  `\n${table(
    ['promise', ...places],
    promises.map((title) => [title, ...places.map((place) => cell(at(title, place)))]),
  )}\n`,
);
const holes = promises.flatMap((title) => places.filter((place) => at(title, place) === undefined));
const failed = outcomes.filter(({ state }) => state === 'failed' || state === 'pending');
const skipped = contract.filter(({ state }) => state === 'skipped');
for (const { groups, title, reason } of skipped) console.log(`n.a.: ${groups[0]} › ${title}: ${reason ?? 'no reason'}`);
for (const { file, title, reason } of failed)
  console.log(`failed: ${file} › ${title}${reason === null ? '' : `: ${reason}`}`);
const passed = contract.filter(({ state }) => state === 'passed').length;
console.log(
  `${promises.length} promises × ${places.length} executors and places: ${passed} hold, ${failed.length} failed, ${skipped.length} did not run, ${holes.length} missing`,
);
const strict = process.env.CI !== undefined && skipped.length > 0;
process.exit(failed.length > 0 || holes.length > 0 || contract.length === 0 || strict ? 1 : 0);
