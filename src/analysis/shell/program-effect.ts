import type { Program } from '../programs/program.ts';
import { READS, type StatementEffect } from '../statement-effect.ts';
import { type Arguments, sortArguments, withInherited } from './arguments.ts';
import { readFurther } from './readers.ts';
import type { Stdin } from './scope.ts';
import { NotUnderstood, type Word } from './word.ts';

/** A program as it was called. */
export type Call = { readonly name: string; readonly words: readonly Word[]; readonly stdin: Stdin };

/** What a listed program does with these arguments. Throws `NotUnderstood` for everything that its entry does not allow. */
export async function programEffect(call: Call, program: Program): Promise<StatementEffect> {
  return await lookUp(call, program, '');
}

async function lookUp(call: Call, program: Program, inherited: string): Promise<StatementEffect> {
  if (program.verbs !== undefined) {
    const first = sortArguments(call.words, { ...program, stopAtOperand: true }, inherited);
    const verb = first.operands[0];
    const entry = verb?.text == null || !Object.hasOwn(program.verbs, verb.text) ? undefined : program.verbs[verb.text];
    if (entry !== undefined && verb !== undefined) {
      requireVerbInPlace(first, call.name);
      const below = { ...call, name: `${call.name} ${verb.text}`, words: first.rest };
      return await lookUp(
        below,
        { unknown: program.unknown ?? 'none', ...entry } as Program,
        withInherited(program.options, inherited),
      );
    }
    if (verb !== undefined || program.bare !== true)
      throw new NotUnderstood(
        `${call.name} ${verb?.source.slice(0, 40) ?? 'alone'} is not on the list of commands that only read`,
      );
  }
  const sorted = sortArguments(call.words, program, inherited);
  checkShape(call.name, program, sorted);
  return program.reader === undefined ? READS : await readFurther(program.reader, call, sorted);
}

const CHANGING_VERB =
  /^(?:delete|destroy|remove|rm|rmi|kill|stop|start|restart|apply|create|edit|patch|scale|replace|drain|cordon|uncordon|taint|label|annotate|exec|run|set|expose|cp|update|upgrade|rollback|uninstall|install|write|push|pull|prune|down|up|disable|enable)$/u;

/** `kubectl -n $NS get delete x`: were the variable empty, the option would take `get` as its value and the next word as the verb. */
function requireVerbInPlace(first: Arguments, name: string): void {
  const open = [...first.options.values()].flat().some((value) => value?.text === null && !value.source.includes('"'));
  const [next] = first.rest.filter((word) => !word.option);
  if (open && CHANGING_VERB.test(next?.text ?? ''))
    throw new NotUnderstood(`${name} with an empty variable would ${next?.text}`);
}

function checkShape(name: string, program: Program, sorted: Arguments): void {
  const { operands, options } = sorted;
  const most = program.operands ?? Number.POSITIVE_INFINITY;
  const many = operands.some((word) => !word.single) && Number.isFinite(most);
  if (operands.length > most || many || operands.length < (program.least ?? 0))
    throw new NotUnderstood(`${name} is not called in the form that only reads`);
  for (const word of [...operands, ...sorted.rest]) {
    if (program.operand && !(word.text !== null && program.operand.test(word.text)))
      throw new NotUnderstood(`${name} with ${word.source.slice(0, 40)} is not on the list of commands that only read`);
    if (/^\/dev\/(?!null$|stdin$|zero$|u?random$|fd\/\d+$|sd|nvme|vd|xvd|mapper\/|md|dm-|disk\/)/u.test(word.prefix))
      throw new NotUnderstood(`Opening ${word.source.slice(0, 40)} may do more than read.`);
  }
  for (const [option, pattern] of Object.entries(program.values ?? {}))
    for (const value of options.get(option) ?? [])
      if (value?.text == null || !pattern.test(value.text))
        throw new NotUnderstood(
          `${name} ${option} ${value?.source.slice(0, 40) ?? ''} is not on the list of what only reads`,
        );
  if (program.oneOf !== undefined && !program.oneOf.split(' ').some((option) => options.has(option)))
    throw new NotUnderstood(`${name} only reads with ${program.oneOf.replaceAll(' ', ' or ')}`);
}
