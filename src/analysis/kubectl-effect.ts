import { messageOf, UserError } from '../lib/errors.ts';
import { isOn, type KubectlCall, optionOf, parseKubectl } from './kubectl-arguments.ts';
import { isSecretType } from './kubectl-commands.ts';
import { classifyShell } from './shell/shell-effect.ts';
import type { StatementEffect } from './statement-effect.ts';

/** An effect with what the executor needs to know of it. */
export type KubectlEffect = StatementEffect & {
  /** One sentence why the command is never sent at all; null otherwise. */
  readonly refusal: string | null;
};

const NO_SECRETS = 'Secrets are never shown: ask for what uses them, or look at them where they are kept.';

/**
 * What the arguments of one kubectl call do, placeholders as words. Reads are a closed list, Secrets are never read, what cannot be
 * understood is a change. Commands in a container are a change at least, and worse when the shell analysis says so.
 */
export async function kubectlEffect(args: readonly string[]): Promise<KubectlEffect> {
  let call: KubectlCall;
  try {
    call = parseKubectl(args);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { effect: 'change', reasons: [messageOf(error)], refusal: messageOf(error) };
  }
  const refusal = secretRefusal(call);
  if (refusal !== null) return { effect: 'change', reasons: [refusal], refusal };
  return { ...(await callEffect(call)), refusal: null };
}

/** What a call does that was taken apart already. */
export async function callEffect(call: KubectlCall): Promise<StatementEffect> {
  const { verb, command } = call;
  if (verb === 'exec') return await execEffect(call);
  if (verb === 'scale' && optionOf(call, 'replicas') === '0')
    return { effect: 'destructive', reasons: ['Scaling to 0 takes the service down.'] };
  if (verb === 'delete') return { effect: 'destructive', reasons: ['kubectl delete removes what it names.'] };
  if (verb === 'drain') return { effect: 'destructive', reasons: ['kubectl drain evicts every pod of a node.'] };
  if (verb === 'diff')
    return { effect: 'change', reasons: ['kubectl diff sends its documents to the server as a dry run.'] };
  if (command.effect === 'read') return { effect: 'read', reasons: [] };
  return { effect: command.effect, reasons: [`kubectl ${verb} may change something.`] };
}

/** Why a call that names a Secret is not sent; deleting one by its name is the only thing that shows nothing of it. */
export function secretRefusal(call: KubectlCall): string | null {
  const named = typesOf(call).filter(isSecretType);
  const other = ['for', 'from'].some((name) => isSecretType(optionOf(call, name) ?? ''));
  if (named.length === 0 && !other) return null;
  if (call.verb !== 'delete') return NO_SECRETS;
  const byName = call.operands.length > 1 || call.operands.every((operand) => /^[^/,]+\/[^/,]+$/u.test(operand));
  if (byName && !isOn(call, 'all') && optionOf(call, 'selector') === undefined) return null;
  return 'Secrets are deleted one by one: name the Secret.';
}

/** The types that the operands speak of: `pods,svc`, `pod/x`. */
function typesOf(call: KubectlCall): string[] {
  if (call.command.first !== 'type' && call.command.first !== 'pod') return [];
  return call.operands.flatMap((operand, at) => {
    if (operand.includes('/')) return operand.split(',').map((part) => part.split('/')[0] ?? '');
    return at === 0 && call.command.first === 'type' ? operand.split(',') : [];
  });
}

async function execEffect(call: KubectlCall): Promise<StatementEffect> {
  const found = await classifyShell(call.rest.map((word) => `'${word.replaceAll("'", String.raw`'\''`)}'`).join(' '));
  if (found.effect === 'destructive') return found;
  return { effect: 'change', reasons: ['A command inside of a container may do anything there.'] };
}
