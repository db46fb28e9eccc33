import { createContext, useContext } from 'react';
import type { ClientState, Persona } from '../../client-protocol.ts';

/** Who and what the texts of the page may name, and how to go there. */
export type Directory = {
  readonly data: ClientState;
  readonly openChannel: (id: string) => void;
};

export const DirectoryContext = createContext<Directory | null>(null);

/** The names of the workspace. Throws outside of the provider: that is a fault of the page. */
export function useDirectory(): Directory {
  const directory = useContext(DirectoryContext);
  if (directory === null) throw new Error('A text was rendered outside of the workspace.');
  return directory;
}

/** The person with this id, or a grey stand-in for somebody who left. */
export function personOf(data: ClientState, id: string): Persona {
  const found = data.people.find((person) => person.id === id);
  if (found !== undefined) return found;
  const unknown = { id, name: id, real_name: id === 'USLACKBOT' ? 'Slackbot' : id, title: '', color: '#7a7480' };
  return { ...unknown, is_bot: id === 'USLACKBOT', is_restricted: false };
}
