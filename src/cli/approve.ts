import type { DecisionKind } from '../domain/approval.ts';
import { decideAtTerminal } from './decide-at-terminal.ts';
import { readDecision } from './read-decision.ts';
import type { Terminal, Verb } from './verb.ts';

/** `warroom approve`: the button, for a terminal. */
export const approveVerb: Verb = {
  name: 'approve',
  summary: 'Approves a step that waits, by the same rules as the button in Slack.',
  usage: [
    'warroom approve N --as=U012ABCDEF                          approval N (see `warroom approvals`) as that person',
    'warroom approve N --as=… --target=NAME                     with the name of the target, where the policy wants it typed',
    'warroom approve N --as=… --alone --reason=WHY              the requester goes on alone after nobody answered',
    'warroom approve N --as=… --break-glass --reason=WHY        the commander goes on alone in an incident of the worst severity',
    'the audit log records the person, “cli” and the user of this machine; the running Warroom carries the step out',
    'exit code 0 when it counts, 1 when it was refused, 2 for wrong usage',
  ],
  run,
};

const FLAGS = ['--alone', '--break-glass'];

async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  const read = readDecision(args, { verb: 'approve', valued: ['--as', '--target', '--reason'], flags: FLAGS });
  if (typeof read === 'string') {
    terminal.complain(read);
    return 2;
  }
  const chosen = FLAGS.filter((flag) => read.options.has(flag));
  const reason = read.options.get('--reason') ?? '';
  if (chosen.length === 2) terminal.complain('Choose --alone or --break-glass, not both.');
  else if (chosen.length === 1 && reason.trim() === '') terminal.complain(`${chosen[0]} needs a reason: --reason=WHY.`);
  else {
    const decision: DecisionKind = chosen[0] === '--alone' ? 'alone' : chosen[0] ? 'break_glass' : 'approve';
    const { approval, person } = read;
    const target = read.options.get('--target') ?? null;
    return decideAtTerminal({ approval, person, decision, reason, target }, terminal);
  }
  return 2;
}
