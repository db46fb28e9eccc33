import type { Terminal } from './verb.ts';

/** The process's own streams. A reader that goes away (`warroom … | head`) ends the output, not the process with an error. */
export function processTerminal(): Terminal {
  process.stdout.on('error', () => undefined);
  return {
    lines: process.stdin.isTTY ? null : readLines(),
    write: (text) => process.stdout.write(`${text}\n`),
    complain: (sentence) => process.stderr.write(`${sentence}\n`),
  };
}

/** Opens the standard input only when somebody reads it. Lines end in \n alone: JSON may hold the other signs that break a line. */
async function* readLines(): AsyncGenerator<string> {
  let open = '';
  for await (const chunk of process.stdin.setEncoding('utf8')) {
    const lines = (open + String(chunk)).split('\n');
    open = lines.pop() ?? '';
    yield* lines;
  }
  if (open !== '') yield open;
}
