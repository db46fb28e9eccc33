import { readdir } from 'node:fs/promises';
import { distance } from 'fastest-levenshtein';
import type { Settings } from '../config/settings.ts';
import { InternalError } from '../lib/errors.ts';
import { truncate } from '../lib/text.ts';
import { firstWord } from './command-text.ts';
import { admit } from './gate.ts';
import { escapeLine } from './text-safety.ts';
import type { Answer, Ui, Visitor } from './ui.ts';
import { actions, button, section } from './views/blocks.ts';
import { type Message, message, sentence } from './views/message.ts';

/** Where and by whom a command was typed: always in a conversation. */
export type Caller = Visitor & { readonly channel: string };

/** One verb of a command: what can be typed, what it does. Help is made from this. */
export type Verb = {
  /** The first is its name, the others mean the same. */
  readonly names: readonly [string, ...string[]];
  /** What may follow the verb, such as `[n]`; empty when nothing does. */
  readonly usage: string;
  readonly summary: string;
  readonly examples: readonly string[];
  readonly run: (ui: Ui, caller: Caller, rest: string) => Promise<Answer>;
};

/** One slash command: a file of its own in `commands/`. */
export type Command = {
  /** Which of the configured names it answers to. */
  readonly key: keyof Settings['commands'];
  readonly summary: string;
  readonly verbs: readonly Verb[];
  /** Takes a text that starts with no verb; without it, such a text is refused with a suggestion. */
  readonly otherwise: Verb['run'] | null;
};

/**
 * Runs what was typed, for full members of the workspace. `help` and an empty line are answered here, an unknown verb with
 * the nearest one.
 */
export async function dispatch(
  ui: Ui,
  command: Command,
  typed: { readonly caller: Caller; readonly text: string },
): Promise<Answer> {
  await admit(ui, typed.caller, { kind: 'workspace' }, 'member');
  const { word, rest } = firstWord(typed.text);
  const name = ui.context.settings.commands[command.key];
  if (word === 'help') return helpMessage(command, name);
  const verb = command.verbs.find((candidate) => candidate.names.includes(word));
  if (verb) return verb.run(ui, typed.caller, rest);
  if (command.otherwise) return command.otherwise(ui, typed.caller, typed.text.trim());
  return word === '' ? helpMessage(command, name) : sentence(unknownVerb(command, name, word));
}

/** `“decalre” is not something /incident knows; did you mean /incident declare? …` */
export function unknownVerb(command: Command, name: string, word: string): string {
  const known = command.verbs.flatMap((verb) => verb.names);
  const ranked = known
    .map((candidate) => ({ candidate, far: distance(word, candidate) }))
    .sort((a, b) => a.far - b.far);
  const best = ranked[0];
  const near = best && best.far <= Math.max(2, Math.floor(best.candidate.length / 3)) ? best.candidate : null;
  const hint = near ? `did you mean ${name} ${near}? ` : '';
  return `“${truncate(word, 40)}” is not something ${name} knows; ${hint}${name} help lists what it does.`;
}

/** What can be typed, made from the verbs themselves. */
export function helpMessage(command: Command, name: string): Message {
  const lines = command.verbs.map((verb) => {
    const usage = verb.usage ? ` ${verb.usage}` : '';
    const also = verb.names.length > 1 ? ` (also ${verb.names.slice(1).join(', ')})` : '';
    return `• \`${escapeLine(`${name} ${verb.names[0]}${usage}`)}\` ${verb.summary}${also}`;
  });
  const examples = command.verbs.flatMap((verb) => verb.examples).slice(0, 6);
  return message(
    `${name}: ${command.summary}`,
    [section(`*${name}* ${command.summary}`)],
    [section(lines.join('\n'))],
    examples.length > 0
      ? [section(`Examples\n${examples.map((example) => `\`${escapeLine(`${name} ${example}`)}\``).join('\n')}`)]
      : [],
    command.key === 'incident'
      ? [
          actions([
            button({ action: 'incident.declare', text: 'Declare an incident', value: 'help', style: 'primary' }),
          ]),
        ]
      : [],
  );
}

/** Reads every command of the folder beside `src`. Throws an InternalError for a file that is no command. */
export async function loadCommands(): Promise<Command[]> {
  const folder = new URL('../../commands/', import.meta.url);
  const files = (await readdir(folder)).filter((file) => /^[a-z-]+\.(?:ts|js)$/u.test(file)).sort();
  return Promise.all(
    files.map(async (file) => {
      const module: { default?: Command } = await import(new URL(file, folder).href);
      if (module.default?.key) return module.default;
      throw new InternalError('command.invalid', `commands/${file} has no command as its default export.`);
    }),
  );
}
