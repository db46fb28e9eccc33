import { findIncident } from '../db/incidents.ts';
import { withTransaction } from '../db/transaction.ts';
import { unknownIncident } from '../domain/unknown.ts';
import { acknowledgeIncident } from '../incidents/change.ts';
import { withInstallation } from './open-database.ts';
import { readOptions } from './options.ts';
import { isMemberId, lookUpPerson, operatingSystemUser } from './person.ts';
import type { Terminal, Verb } from './verb.ts';

/** `warroom acknowledge`: the button, for a terminal. */
export const acknowledgeVerb: Verb = {
  name: 'acknowledge',
  summary: 'Acknowledges an incident, so that its pages stop; it works while Slack is away.',
  usage: [
    'warroom acknowledge N --as=U012ABCDEF   incident N as that person, by the same rules as the button in Slack',
    'a private incident is there for the members of its room alone',
    'the audit log records the person and the user of this machine; the running Warroom brings the cards up to date',
    'exit code 0 when it is acknowledged, 2 when it was refused or not understood',
  ],
  run,
};

async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  const read = readOptions(args, { verb: 'acknowledge', valued: ['--as'], flags: [] });
  const [number = '', ...more] = typeof read === 'string' ? [] : read.words;
  const id = typeof read === 'string' ? '' : (read.options.get('--as') ?? '');
  if (typeof read === 'string') terminal.complain(read);
  else if (!/^[1-9]\d{0,14}$/u.test(number) || more.length > 0)
    terminal.complain('Say which incident: `warroom acknowledge 7 --as=U012ABCDEF`.');
  else if (!isMemberId(id))
    terminal.complain('Say who acknowledges: --as with their Slack member id, such as --as=U012ABCDEF.');
  else return acknowledge(Number(number), id, terminal);
  return 2;
}

function acknowledge(number: number, id: string, terminal: Terminal): Promise<number> {
  return withInstallation(terminal, async (installation) => {
    const { pool, config } = installation;
    const { person, remark, asOf, sees } = await lookUpPerson(installation, id);
    if (remark !== null) terminal.complain(remark);
    const incident = await withTransaction(pool, (tx) => findIncident(tx, number));
    // Never said otherwise than of one that does not exist.
    if (!incident || !(await sees(incident))) throw unknownIncident(number);
    const origin = { operatingSystemUser: operatingSystemUser(), personAsOf: asOf };
    const { first } = await acknowledgeIncident(
      { pool, settings: config.settings },
      { incident: number, actor: person, origin },
    );
    const said = first
      ? `acknowledged incident ${number}.`
      : `Incident ${number} was acknowledged before; nothing changed.`;
    terminal.write(first ? `${person.name} (${person.id}) ${said}` : said);
    return 0;
  });
}
