import { UserError } from '../lib/errors.ts';
import { asNumber, firstWord, parseNumber, unquote } from './command-text.ts';
import type { Verb } from './commands.ts';
import { roomIncident, withIncident } from './incident-choice.ts';
import { askSeverity, askUpdate, type Gesture, sendUpdate, setSeverity } from './incident-gestures.ts';

/** A verb that means one incident and takes nothing but its number. */
export function aboutIncident(names: Verb['names'], gesture: Gesture, summary: string, example?: string): Verb {
  return {
    names,
    usage: '[n]',
    summary,
    examples: example ? [example] : [],
    run: async (ui, caller, rest) => withIncident(ui, caller, { name: names[0], gesture, number: parseNumber(rest) }),
  };
}

/** `severity`, `severity 7`, `severity SEV2`, `severity SEV2 7`. */
export const typedSeverity: Verb['run'] = async (ui, caller, rest) => {
  const words = rest.split(/\s+/u).filter((word) => word !== '');
  if (words.length > 2) {
    throw new UserError(
      'severity_usage',
      'Write a level and at most a number after severity, such as severity SEV2 7.',
    );
  }
  const [level, number] = words.length === 1 && asNumber(words[0] ?? '') !== null ? [undefined, words[0]] : words;
  const wish = { number: parseNumber(number ?? '') };
  if (level === undefined) return withIncident(ui, caller, { ...wish, name: 'severity', gesture: askSeverity });
  if (!/^[A-Za-z0-9_-]{1,20}$/u.test(level)) {
    throw new UserError('severity_unknown', `“${level}” is not a severity; write one such as SEV2.`);
  }
  return withIncident(ui, caller, { ...wish, name: `severity:${level}`, gesture: setSeverity(level) });
};

/** `update`, `update <text>`, and outside of a room `update 7 <text>`. */
export const typedUpdate: Verb['run'] = async (ui, caller, rest) => {
  // In a room a number at the start belongs to the text: “3 of 5 nodes are back”.
  const own = await roomIncident(ui, caller.channel);
  const { word, rest: after } = firstWord(rest);
  const number = own ?? asNumber(word);
  const text = unquote(own === null && number !== null ? after : rest);
  if (text === '') return withIncident(ui, caller, { name: 'update', gesture: askUpdate, number });
  return withIncident(ui, caller, { name: 'update', gesture: sendUpdate(text), number, typed: text });
};
