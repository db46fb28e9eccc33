/**
 * What the sink of all output costs for each MiB (`npm run bench:sink`), and how many times the cost of an ordinary log that is. The thread
 * that masks also sends pages, so no text may cost many times more.
 */
import { OutputSink } from '../src/executors/output-safety.ts';
import { Secret } from '../src/lib/secret.ts';

const MIB = 1 << 20;
const SECRETS = ['hunter2-planted-42', "Tr0ub4dor&3 'horse'", 'env-secret-4711', 'abcdef0123456789abcdef0123456789'];
const repeated = (piece: string) => piece.repeat(Math.ceil((2 * MIB) / piece.length));
const TEXTS: Readonly<Record<string, string>> = {
  'log lines': repeated('2026-11-21T18:01:12.345Z level=info msg="request 4711 done" path=/api/v1/things ms=97\n'),
  JSON: JSON.stringify(Array.from({ length: 30_000 }, (_, id) => ({ id, name: `thing-${id}`, state: 'ok' }))),
  'one line': repeated('x'),
  'colours everywhere': repeated('\u001b[31mx\u001b[0m'),
  'beginnings of web tokens': repeated('eyJ-'),
  'beginnings of passwords': repeated('password = '),
  'beginnings of addresses': repeated('a-b.c+://x:'),
  'beginnings of keys': repeated('-----BEGIN A PRIVATE KEY-----\n'),
};

let ordinary: number | undefined;
console.log('| output | ms for a MiB | ÷ log | with four secrets | ÷ log |\n|---|--:|--:|--:|--:|');
for (const [name, text] of Object.entries(TEXTS)) {
  const bytes = Buffer.from(text);
  const cells = [[], SECRETS].flatMap((secrets) => {
    const spent = perMib(bytes, () => pass(bytes, secrets));
    ordinary ??= spent;
    return [spent.toFixed(1), (spent / ordinary).toFixed(1)];
  });
  console.log(`| ${[name, ...cells].join(' | ')} |`);
}

function pass(bytes: Buffer, secrets: readonly string[]): void {
  const sink = new OutputSink({ secrets: secrets.map((secret) => new Secret(secret)), maxBytes: 16_384 });
  for (let at = 0; at < bytes.length; at += 65_536) sink.write(bytes.subarray(at, at + 65_536));
  sink.finish();
}

/** The best of three, in ms of the processor. */
function perMib(bytes: Buffer, work: () => unknown): number {
  const times = [1, 2, 3].map(() => {
    const before = process.cpuUsage();
    work();
    return process.cpuUsage(before).user / 1_000;
  });
  return Math.min(...times) / (bytes.length / MIB);
}
