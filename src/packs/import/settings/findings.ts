import type { ImportedSettings } from './settings.ts';

type Writable = { -readonly [K in keyof ImportedSettings]: ImportedSettings[K][number][] };

/** Collects settings with the lines that they came from. */
export class Findings {
  readonly parts: Writable = {
    severities: [],
    milestones: [],
    contacts: [],
    escalation: [],
    stakeholders: [],
    components: [],
    checklists: [],
    thresholds: [],
    metrics: [],
    taken: [],
    todo: [],
  };

  /** Remembers that lines became a part. */
  take(from: number, to: number, part: string): void {
    this.parts.taken.push({ from, to, part });
  }

  /** What a person has to complete. */
  ask(line: number, text: string): void {
    this.parts.todo.push({ line, text });
  }

  /** An id that no other item of the list has. */
  freshId(list: 'milestones' | 'escalation' | 'checklists' | 'thresholds' | 'metrics', wanted: string): string {
    const taken = new Set(this.parts[list].map((item) => String(item.id)));
    let [id, number] = [wanted, 2];
    while (taken.has(id)) {
      id = `${wanted}-${number}`;
      number += 1;
    }
    return id;
  }

  /** The id of the contact of that name, which is added when it is new. */
  contact(name: string, id: string, note: string | null = null): string {
    const known = this.parts.contacts.find((item) => String(item.name).toLowerCase() === name.toLowerCase());
    if (known !== undefined) {
      const before = known.note === undefined ? '' : String(known.note);
      if (note !== null && note !== '' && !before.includes(note))
        known.note = before === '' ? note : `${before}; ${note}`;
      return String(known.id);
    }
    const taken = new Set(this.parts.contacts.map((item) => String(item.id)));
    let [free, number] = [id, 2];
    while (taken.has(free)) {
      free = `${id}-${number}`;
      number += 1;
    }
    this.parts.contacts.push(note === null || note === '' ? { id: free, name } : { id: free, name, note });
    return free;
  }

  /** Levels in the order of the scheme. */
  levels(): string[] {
    return this.parts.severities.map((item) => String(item.level));
  }
}
