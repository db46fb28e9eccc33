import type { ClientState } from '../../client-protocol.ts';

/**
 * What the page sends for what a person typed: `@name` and `#channel` become mentions, the rest is escaped. A slash command
 * is sent as typed: whether its mentions are replaced is for the app's manifest to say.
 */
export function encodeOutgoing(text: string, data: ClientState): string {
  if (text.startsWith('/')) return text;
  const escaped = text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
  return escaped
    .replace(/(^|[\s(])@([a-z0-9._-]*[a-z0-9])/gi, (all, before: string, name: string) => {
      if (/^(?:here|channel|everyone)$/.test(name)) return `${before}<!${name}>`;
      const person = data.people.find((other) => other.name.toLowerCase() === name.toLowerCase());
      return person === undefined ? all : `${before}<@${person.id}>`;
    })
    .replace(/(^|[\s(])#([a-z0-9_-]+)/gi, (all, before: string, name: string) => {
      const channel = data.channels.find((other) => other.name === name.toLowerCase());
      return channel === undefined ? all : `${before}<#${channel.id}|${channel.name}>`;
    });
}

/** One line of the list above the composer; `insert` replaces the text from `from` to the caret. */
export type Completion = {
  readonly key: string;
  readonly title: string;
  readonly hint: string;
  readonly detail: string;
  readonly insert: string;
  readonly from: number;
};

/** What could be meant by the word before the caret: a command at the start of the line, a person, a channel. Pure. */
export function completionsFor(text: string, caret: number, data: ClientState): readonly Completion[] {
  const before = text.slice(0, caret);
  if (/^\/\S*$/.test(before)) {
    return data.commands
      .filter((command) => command.command.startsWith(before.toLowerCase()))
      .map((command) => ({
        key: command.command,
        title: command.command,
        hint: command.usage_hint,
        detail: command.description,
        insert: `${command.command} `,
        from: 0,
      }));
  }
  const word = /(?:^|\s)([@#])([a-z0-9._-]*)$/i.exec(before);
  if (word === null) return [];
  const [, mark = '', query = ''] = word;
  const from = caret - query.length - 1;
  const has = (value: string) => value.toLowerCase().includes(query.toLowerCase());
  if (mark === '@') {
    return data.people
      .filter((person) => has(person.name) || has(person.real_name))
      .slice(0, 8)
      .map((person) => ({
        key: person.id,
        title: person.real_name,
        hint: `@${person.name}`,
        detail: person.title,
        insert: `@${person.name} `,
        from,
      }));
  }
  return data.channels
    .filter((channel) => channel.kind === 'public' && has(channel.name))
    .slice(0, 8)
    .map((channel) => ({
      key: channel.id,
      title: `#${channel.name}`,
      hint: '',
      detail: '',
      insert: `#${channel.name} `,
      from,
    }));
}
