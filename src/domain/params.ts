import { RE2JS } from 're2js';
import { parseDuration } from '../lib/duration.ts';
import { UserError } from '../lib/errors.ts';
import type { Param, ParamValue, Runbook } from './runbook.ts';

/** The longest text that a parameter may hold: no sensible name, path or id is longer. */
const MAX_TEXT = 1000;

/** Controls, bidirectional marks, zero-width and tag characters: an approver would not see what runs. */
const HIDDEN =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}\p{Surrogate}]/u;

/** Reads what a person typed for a parameter by its type. Throws UserError `param_invalid` with what would be right. */
export function parseParam(param: Param, typed: string): ParamValue {
  const text = typed.trim();
  const refuse = (expected: string): never => {
    throw new UserError('param_invalid', `“${param.name}” must be ${expected}.`, { param: param.name });
  };
  if (text.length > MAX_TEXT) return refuse(`at most ${MAX_TEXT} characters long`);
  switch (param.type) {
    case 'integer':
    case 'number':
      return parseNumber(param, text, refuse);
    case 'boolean':
      return text === 'true' || text === 'false' ? text === 'true' : refuse('true or false');
    case 'choice':
      return param.choices.includes(text) ? text : refuse(`one of ${param.choices.join(', ')}`);
    case 'duration':
      return parseDuration(text) === null ? refuse('a duration such as 30s, 5m or 1h30m') : text;
    case 'k8s-name':
      return /^[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?$/u.test(text)
        ? text
        : refuse('a Kubernetes name: lower-case letters, digits, dashes and dots');
    case 'secret':
      return refuse('given on its own page, not in Slack');
    case 'string':
      return parseText(param, text, refuse);
  }
}

function parseNumber(param: Param, text: string, refuse: (expected: string) => never): number {
  const kind = param.type === 'integer' ? 'a whole number' : 'a number';
  const pattern = param.type === 'integer' ? /^-?\d{1,15}$/u : /^-?\d{1,15}(?:\.\d{1,15})?$/u;
  const range = [param.min === null ? null : `from ${param.min}`, param.max === null ? null : `to ${param.max}`];
  const expected = [kind, ...range.filter((part) => part !== null)].join(' ');
  if (!pattern.test(text)) return refuse(expected);
  const value = Number(text);
  if ((param.min !== null && value < param.min) || (param.max !== null && value > param.max)) return refuse(expected);
  return value;
}

function parseText(param: Param, text: string, refuse: (expected: string) => never): string {
  if (text === '') return refuse('filled in');
  if (HIDDEN.test(text)) return refuse('free of invisible characters, so that people see what runs');
  if (param.min !== null && text.length < param.min) return refuse(`at least ${param.min} characters long`);
  if (param.max !== null && text.length > param.max) return refuse(`at most ${param.max} characters long`);
  // RE2: a pattern of a runbook can never hang the bot.
  if (param.pattern !== null && !RE2JS.compile(param.pattern).matches(text))
    return refuse(`of the form ${param.pattern}`);
  return text;
}

/** The same for several by name. Throws UserError for a name that the runbook does not declare. */
export function parseParams(
  runbook: Pick<Runbook, 'id' | 'params'>,
  texts: Readonly<Record<string, string>>,
): Record<string, ParamValue> {
  const values: Record<string, ParamValue> = {};
  for (const [name, text] of Object.entries(texts)) {
    const param = runbook.params.find((candidate) => candidate.name === name);
    if (!param) throw new UserError('param_unknown', `Runbook ${runbook.id} has no parameter “${name}”.`);
    values[name] = parseParam(param, text);
  }
  return values;
}
