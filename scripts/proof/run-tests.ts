import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startVitest, type TestCase, type TestModule } from 'vitest/node';

/** How one test ended. `groups`: the titles of the groups around it, the outermost first; `reason`: why it did not run, or failed. */
export type Outcome = {
  readonly file: string;
  readonly groups: readonly string[];
  readonly title: string;
  readonly state: 'passed' | 'failed' | 'skipped' | 'pending';
  readonly reason: string | null;
  /** What the test itself left to be told. */
  readonly meta: ReturnType<TestCase['meta']>;
};

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Test files of a folder whose text contains a word, in order of their names; paths from the root. */
export async function filesWith(folder: string, word: string): Promise<string[]> {
  const names = (await readdir(join(ROOT, folder))).filter((name) => name.endsWith('.test.ts')).sort();
  const texts = await Promise.all(names.map((name) => readFile(join(ROOT, folder, name), 'utf8')));
  return names.filter((_, index) => texts[index]?.includes(word)).map((name) => `${folder}/${name}`);
}

/** Runs test files as `npm test` does and gives every test's end, or of those that are `named`. Prints nothing. */
export async function runTests(files: readonly string[], named?: RegExp): Promise<Outcome[]> {
  const modules: TestModule[] = [];
  const vitest = await startVitest('test', [...files], {
    root: ROOT,
    watch: false,
    ...(named ? { testNamePattern: named } : {}),
    reporters: [{ onTestRunEnd: (ended) => void modules.push(...ended) }],
  });
  await vitest.close();
  process.exitCode = 0;
  if (modules.length < files.length)
    throw new TypeError(`${files.length} files were asked for, ${modules.length} ran.`);
  return modules.flatMap(outcomesOf);
}

function outcomesOf(module: TestModule): Outcome[] {
  const broken = module.errors();
  const whole: Outcome[] = broken.map((error) => ({
    ...{
      file: module.relativeModuleId,
      groups: [],
      title: 'the file itself',
      state: 'failed',
      reason: error.message,
      meta: {},
    },
  }));
  const each = [...module.children.allTests()].map((test): Outcome => {
    const { state, ...ended } = test.result();
    const groups: string[] = [];
    for (let at = test.parent; at.type === 'suite'; at = at.parent) groups.unshift(at.name);
    const reason = 'note' in ended ? (ended.note ?? null) : (ended.errors?.[0]?.message ?? null);
    return { file: module.relativeModuleId, groups, title: test.name, state, reason, meta: test.meta() };
  });
  return [...whole, ...each];
}

/** A table in Markdown; columns from the second on are centred. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map((_, index) => (index === 0 ? '---' : ':-:'))), ...rows.map(line)].join('\n');
}
