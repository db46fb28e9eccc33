import { isOn, type KubectlCall, optionOf } from '../../analysis/kubectl-arguments.ts';
import type { Json } from '../../lib/canonical-json.ts';
import { UserError } from '../../lib/errors.ts';
import type { KubeResource } from '../kube/kube-request.ts';
import type { KubeSession } from '../kube/kube-session.ts';

/** What one command is carried out with. */
export type CommandContext = {
  readonly call: KubectlCall;
  readonly documents: readonly Json[];
  readonly patch: Json | null;
  readonly session: KubeSession;
  /** Adds lines to the output. What was printed before a failure is kept. */
  print(text: string): void;
  /** Something worth knowing, one sentence. */
  warn(sentence: string): void;
};

/** Carries a command out and gives the value that `expect` looks at. */
export type Command = (context: CommandContext) => Promise<Readonly<Record<string, Json>>>;

/** The command ended, and not well: a rollout that failed, an exit code. */
export class CommandFailure extends Error {
  readonly value: Readonly<Record<string, Json>>;

  constructor(message: string, value: Readonly<Record<string, Json>> = {}) {
    super(message);
    this.name = 'CommandFailure';
    this.value = value;
  }
}

/** Objects that operands name: some by name, or all of a type. */
export type Selection = { readonly type: KubeResource; readonly names: readonly string[] | null };

/** Reads `pods`, `pods,svc`, `pod a b`, `pod/a svc/b`. Throws UserError for what kubectl would not take either. */
export async function selectionsOf(session: KubeSession, operands: readonly string[]): Promise<Selection[]> {
  const [first = '', ...names] = operands;
  if (operands.some((operand) => operand.includes('/'))) return await slashed(session, operands);
  const words = first.split(',').filter(Boolean);
  const types = (await Promise.all(words.map((word) => session.resolve(word)))).flat();
  if (names.length > 0 && types.length > 1)
    throw new UserError('statement_invalid', 'Names stand behind one type only: write type/name for each.');
  if (names.some((name) => name.includes(',')))
    throw new UserError('statement_invalid', 'Names are separated by spaces, not by commas.');
  return types.map((type) => ({ type, names: names.length === 0 ? null : names }));
}

async function slashed(session: KubeSession, operands: readonly string[]): Promise<Selection[]> {
  const selections: Selection[] = [];
  for (const operand of operands) {
    const [word = '', name = '', ...more] = operand.split('/');
    if (word === '' || name === '' || more.length > 0 || operand.includes(',')) {
      throw new UserError(
        'statement_invalid',
        `\`${operand.slice(0, 60)}\` is not written type/name: write every object of this command that way.`,
      );
    }
    const [type] = await session.resolve(word);
    if (type) selections.push({ type, names: [name] });
  }
  return selections;
}

/** Where objects of a type are looked for: a namespace, or null for all of them or for a type without namespaces. */
export function namespaceFor(context: CommandContext, type: KubeResource): string | null {
  if (!type.namespaced || isOn(context.call, 'all-namespaces')) return null;
  return namespaceOf(context);
}

/** The namespace of -n, of the target or of the kubeconfig. */
export function namespaceOf(context: CommandContext): string {
  return optionOf(context.call, 'namespace') ?? context.session.place.namespace;
}

/** The query of -l and --field-selector. */
export function selectorQuery(context: CommandContext): [string, string][] {
  const labels = optionOf(context.call, 'selector');
  const fields = optionOf(context.call, 'field-selector');
  return [
    ...(labels === undefined ? [] : [['labelSelector', labels] as [string, string]]),
    ...(fields === undefined ? [] : [['fieldSelector', fields] as [string, string]]),
  ];
}

/** Milliseconds of `90s`, `1h30m`; null without the option. */
export function durationOption(context: CommandContext, name: string): number | null {
  const text = optionOf(context.call, name);
  if (text === undefined) return null;
  const units: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1_000, ms: 1 };
  return [...text.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s)/gu)].reduce(
    (sum, [, amount, unit]) => sum + Number(amount) * (units[unit ?? ''] ?? 0),
    0,
  );
}
