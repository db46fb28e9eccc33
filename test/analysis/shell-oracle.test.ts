import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { classifyShell } from '../../src/analysis/shell/shell-effect.ts';

/**
 * Real shells are asked whether they agree: random pieces of shell are put together, and each text that is called a read is run where
 * the only programs are a handful of harmless ones and `boom`, which leaves a mark. A text that leaves one was no read.
 */
const PIECES =
  "' \" $( ) ` \\ \n # <<EOF <<'EOF' \nEOF\n EOF boom echo cat true ; | { } $' ${ ${x :- <( >( & && || $(( )) [[ ]] [ ] -eq = x= x $x \"$x\" if then fi for in do done while case esac ;; f() f function eval <<< < > 2>&1 /dev/null ! \\\n \t , * ~ $ @ % / a 'a[$(boom)]' é select time coproc sed awk -n -e p $@ export local - -- printf -v test read 0 1 declare s/x/boom/ command |& &> >& <>"
    .split(' ')
    .flatMap((piece) => [piece, ` ${piece} `]);
const FRAMES: readonly (readonly [string, string])[] = [
  ['', ''],
  ['echo ', ''],
  ['echo "', '"'],
  ["echo '", "'"],
  ['echo $(', ')'],
  ['echo `', '`'],
  ['cat <<EOF\n', '\nEOF\n'],
  ["cat <<'EOF'\n", '\nEOF\n'],
  ['if true; then ', '; fi'],
  ['for x in a; do ', '; done'],
  ['f() { ', '; }; f'],
  ['[[ x = ', ' ]]'],
  ['echo ${x', '}'],
  ['echo $((', '))'],
  ['x="', '"; echo $x'],
  ['case a in ', ') echo;; esac'],
  ['echo a \\\n', ''],
];
const SHELLS = ['/bin/bash', '/bin/dash', '/bin/sh'].filter((shell) => existsSync(shell));

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'warroom-oracle-'));
  mkdirSync(join(folder, 'bin'));
  mkdirSync(join(folder, 'empty'));
  for (const name of ['cat', 'sed', 'mktemp']) {
    const program = ['/bin', '/usr/bin'].map((place) => join(place, name)).find((path) => existsSync(path));
    if (program !== undefined) symlinkSync(program, join(folder, 'bin', name));
  }
  writeFileSync(join(folder, 'bin', 'boom'), `#!/bin/sh\n: > ${join(folder, 'mark')}\n`, { mode: 0o755 });
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** True when the text ran `boom` or left a file behind. */
function leavesMark(text: string, shell: string): boolean {
  const file = join(folder, 'step.sh');
  writeFileSync(file, `${text}\n`);
  spawnSync(shell, [file], {
    cwd: join(folder, 'empty'),
    env: { PATH: join(folder, 'bin') },
    stdio: 'ignore',
    timeout: 2_000,
  });
  const marked = existsSync(join(folder, 'mark')) || readdirSync(join(folder, 'empty')).length > 0;
  rmSync(join(folder, 'mark'), { force: true });
  return marked;
}

describe('a text that is called a read', () => {
  it('runs nothing and writes nothing in the shells of this machine', { timeout: 180_000 }, async () => {
    let reads = 0;
    const pieces = fc.array(fc.constantFrom(...PIECES), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...FRAMES), pieces, async ([before, after], inside) => {
        const text = `${before}${inside.join('')}${after}`;
        if ((await classifyShell(text)).effect !== 'read') return;
        reads += 1;
        for (const shell of SHELLS) expect(leavesMark(text, shell), `${shell}: ${text}`).toBe(false);
      }),
      { numRuns: 1_500, seed: 20260801 },
    );
    expect(reads).toBeGreaterThan(20);
  });

  it('would be noticed if it did: the mark is left by a text that is a change', () => {
    for (const shell of SHELLS) {
      expect(leavesMark('echo "$(boom)"', shell)).toBe(true);
      expect(leavesMark('echo nothing', shell)).toBe(false);
    }
  });
});
