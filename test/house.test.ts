import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const ROOT = new URL('..', import.meta.url).pathname;
const run = promisify(execFile);

function files(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => join(ROOT, folder, name))
    .filter((path) => /\.tsx?$/u.test(path) && statSync(path).isFile());
}

const PRODUCT = ['src', 'commands'].flatMap(files).map((path) => ({
  path: relative(ROOT, path),
  text: readFileSync(path, 'utf8'),
}));

/** Files outside of the allowed places that hold this text. */
function offenders(pattern: RegExp, allowed: RegExp): string[] {
  return PRODUCT.filter(({ path, text }) => pattern.test(text) && !allowed.test(path)).map(({ path }) => path);
}

describe('the house', () => {
  it('has imports that only go down, without cycles, and the check really looks at them', {
    timeout: 60_000,
  }, async () => {
    const { stdout } = await run(
      join(ROOT, 'node_modules/.bin/depcruise'),
      ['src', 'commands', 'twins', '--config', '.dependency-cruiser.cjs', '--output-type', 'json'],
      { cwd: ROOT, maxBuffer: 256 * 1024 * 1024 },
    );
    const { summary } = JSON.parse(stdout) as { summary: { violations: { from: string }[]; totalCruised: number } };
    expect(summary.violations.map((violation) => violation.from)).toEqual([]);
    expect(summary.totalCruised).toBeGreaterThan(200);
  });

  it('has no file of the product over 300 lines', () => {
    expect(PRODUCT.filter(({ text }) => text.split('\n').length > 301).map(({ path }) => path)).toEqual([]);
  });

  it('reads the environment in one folder', () => {
    // The bundler replaces the name of React's own switch; that is a text, not a reading.
    expect(offenders(/process\.env\b/u, /^src\/(?:config\/|sandbox\/client-bundle\.ts)/u)).toEqual([]);
  });

  it('takes the time from a clock that is passed in', () => {
    // A socket's own timeout is the system's. The page in the browser has the browser's clock; main ends a hanging stop; the sql executor's values are dates of others.
    const allowed = /^src\/(?:lib\/|sandbox\/client\/|main\.ts)/u;
    expect(offenders(/\bDate\.now\(\)|new Date\(\)|(?<!\.)\bsetTimeout\(|\bsetInterval\(/u, allowed)).toEqual([]);
  });

  it('asks the database for the time with now() alone', () => {
    const sql = readdirSync(join(ROOT, 'src/db/migrations')).map((name) => ({
      path: `src/db/migrations/${name}`,
      text: readFileSync(join(ROOT, 'src/db/migrations', name), 'utf8'),
    }));
    // How long the server is up is a matter of the machine's clock, which tests do not move.
    const all = [...PRODUCT, ...sql].filter(({ path }) => /^src\/db\/(?!liveness)/u.test(path));
    expect(
      all.filter(({ text }) => /current_timestamp|clock_timestamp\(\)/iu.test(text)).map(({ path }) => path),
    ).toEqual([]);
  });

  it('writes SQL of its own in one folder', () => {
    const statement = /`\s*(?:select\s.+\sfrom|insert into|update\s\w+\sset|delete from)\s/iu;
    // The sql executor looks at the rights of a credential on the target; that is not Warroom's own database.
    expect(offenders(statement, /^src\/(?:db|executors\/sql)\//u)).toEqual([]);
  });

  it('has a lock that npm ci takes where the registry lacks the binaries of other platforms', () => {
    const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { optionalDependencies?: Record<string, string>; resolved?: string }>;
    };
    const wanted = Object.values(lock.packages).flatMap((entry) => Object.keys(entry.optionalDependencies ?? {}));
    const known = new Set(Object.keys(lock.packages).map((path) => path.replace(/^.*node_modules\//u, '')));
    // Mend it with: node --import tsx scripts/complete-lock.ts
    expect([...new Set(wanted)].filter((name) => !known.has(name))).toEqual([]);
    expect(Object.values(lock.packages).filter((entry) => entry.resolved !== undefined)).toEqual([]);
  });
});
