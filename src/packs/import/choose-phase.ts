import type { Effect } from '../../domain/effect.ts';
import type { Phase } from '../../domain/runbook.ts';
import type { CommandPiece } from './piece.ts';

/** What was changed so far in the runbook: a look after a change verifies it, a look before it diagnoses. */
export type PhaseMemory = { readonly changedIn: Set<string>; readonly changedPhases: Set<Phase> };

const VERIFYING =
  /^(?:verif\w*|valid\w*|confirm\w*|monitor\w*|controll\w* che|check (?:health|that|after)|wait|attend\w*|test (?:that|connection after)|ensure|watch|make sure)\b/iu;
const RECOVERING =
  /\b(?:restore|recover|restart|riavvi\w*|ripristin\w*|redeploy|renew|roll ?back|replay|resume|re-?enable|reset|start|bring up|rebuild|rinnov\w*|refresh|r[ei]-?autentic\w*|re-?authenticate)\b/iu;
/** Titles that promise to look only; their command may still count as a change because nobody knows its program. */
const LOOKING =
  /^(?:check|review|verif|controll|inspect|look|gather|collect|list|show|view|identif|find|query|get|test|stat[oius]|statistich|metri|export|examine|see)/iu;
/** Preparation and waiting: they mean something only beside their neighbours. */
const BESIDE = /^(?:sleep|cd|pushd|popd|export|source|\.|set|[A-Za-z_]\w*=\S*$)(?:\s|$)/u;

/**
 * The phase of a step. The heading decides between mending and recovering; what only reads goes to Diagnose or Verify, and
 * what changes something leaves them, because they refuse it.
 */
export function choosePhase(piece: CommandPiece, effect: Effect, memory: PhaseMemory): Phase {
  const { phase, title, group } = piece;
  const scope = phase === 'recover' ? 'recover' : `${group}`;
  if (effect !== 'read') {
    const chosen = changing(piece, memory);
    if (phase === 'diagnose' || LOOKING.test(title)) return chosen;
    memory.changedIn.add(scope);
    memory.changedPhases.add(chosen);
    return chosen;
  }
  if (phase === 'escalate' || phase === 'after' || phase === 'diagnose' || phase === 'verify') return phase;
  if (BESIDE.test(piece.text)) return changing(piece, memory);
  const changed = memory.changedIn.has(scope) || (VERIFYING.test(title) && memory.changedPhases.size > 0);
  return changed ? 'verify' : 'diagnose';
}

function changing({ phase, title, text, mixed }: CommandPiece, memory: PhaseMemory): Phase {
  if (phase === 'diagnose') return 'mitigate';
  if (phase === 'verify') return 'recover';
  const recovers = RECOVERING.test(title) || /\b(?:re)?start\b/u.test(text);
  if (phase === 'mitigate' && mixed && recovers) return 'recover';
  if (phase === null || phase === 'symptoms' || phase === 'blast_radius') {
    if (memory.changedPhases.has('mitigate')) return 'mitigate';
    return RECOVERING.test(title) ? 'recover' : 'mitigate';
  }
  return phase;
}
