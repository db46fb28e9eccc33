import { decideAtTerminal } from './decide-at-terminal.ts';
import { readDecision } from './read-decision.ts';
import type { Terminal, Verb } from './verb.ts';

/** `warroom deny`: the button, for a terminal. */
export const denyVerb: Verb = {
  name: 'deny',
  summary: 'Denies a step that waits, with a reason; whoever asked for it withdraws it so.',
  usage: [
    'warroom deny N --as=U012ABCDEF --reason=WHY   approval N (see `warroom approvals`) as that person',
    'exit code 0 when it counts, 1 when it was refused, 2 for wrong usage',
  ],
  run,
};

async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  const read = readDecision(args, { verb: 'deny', valued: ['--as', '--reason'], flags: [] });
  const reason = typeof read === 'string' ? '' : (read.options.get('--reason') ?? '');
  if (typeof read === 'string') terminal.complain(read);
  else if (reason.trim() === '')
    terminal.complain('Say why: --reason=WHY. Whoever asked, and the review, will want to know.');
  else {
    const { approval, person } = read;
    return decideAtTerminal({ approval, person, decision: 'deny', reason, target: null }, terminal);
  }
  return 2;
}
