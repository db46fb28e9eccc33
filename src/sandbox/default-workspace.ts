import type { UserRecord } from './records.ts';

/** Who and what is in a workspace before the app does anything. */
export type WorkspaceSeed = {
  readonly team: { readonly id: string; readonly name: string; readonly domain: string };
  readonly app: { readonly id: string; readonly botUser: string; readonly botId: string };
  readonly people: readonly UserRecord[];
  readonly channels: readonly {
    readonly id: string;
    readonly name: string;
    readonly kind: 'public' | 'private';
    readonly purpose: string;
    readonly is_general?: boolean;
    /** User ids; the app's own user may be among them. */
    readonly members: readonly string[];
  }[];
  readonly usergroups: readonly {
    readonly id: string;
    readonly handle: string;
    readonly name: string;
    readonly users: readonly string[];
  }[];
};

type PersonRow = Pick<UserRecord, 'id' | 'name' | 'real_name' | 'title' | 'color'> & Partial<UserRecord>;

function person(row: PersonRow): UserRecord {
  return {
    email: `${row.name}@example.com`,
    tz: 'Europe/Berlin',
    bot_id: null,
    is_admin: false,
    is_restricted: false,
    deleted: false,
    ...row,
  };
}

/** The workspace of `npm start` and of the tests. The bot is in no channel: it has to join, as in Slack. */
export const DEFAULT_WORKSPACE: WorkspaceSeed = {
  team: { id: 'T0SANDBOX1', name: 'Sandbox', domain: 'sandbox' },
  app: { id: 'A0SANDBOX1', botUser: 'U0BOTUSER1', botId: 'B0BOTUSER1' },
  people: [
    person({
      id: 'U0ONCALL01',
      name: 'nadia',
      real_name: 'Nadia Okafor',
      title: 'On-call engineer',
      color: '3c78b4',
      is_admin: true,
    }),
    person({ id: 'U0APPROVE1', name: 'tomas', real_name: 'Tomás Brandt', title: 'Approver', color: '2e7d4f' }),
    person({ id: 'U0COMMAND1', name: 'mei', real_name: 'Mei Lindqvist', title: 'Commander', color: '9c4a1f' }),
    person({ id: 'U0STAKEHO1', name: 'ruth', real_name: 'Ruth Adeyemi', title: 'Stakeholder', color: '7a4fa3' }),
    person({ id: 'U0TECHLEAD', name: 'ivo', real_name: 'Ivo Marchetti', title: 'Tech lead', color: '1f7a8c' }),
    person({
      id: 'U0GUEST001',
      name: 'sam',
      real_name: 'Sam Delacroix',
      title: 'Outside guest',
      color: '8a6d1d',
      is_restricted: true,
    }),
    person({
      id: 'U0LEFT0001',
      name: 'pat',
      real_name: 'Pat Holm',
      title: 'Left the company',
      color: '777777',
      deleted: true,
    }),
  ],
  channels: [
    {
      id: 'C0GENERAL1',
      name: 'general',
      kind: 'public',
      purpose: 'Everybody is here.',
      is_general: true,
      members: ['U0ONCALL01', 'U0APPROVE1', 'U0COMMAND1', 'U0STAKEHO1', 'U0TECHLEAD'],
    },
    {
      id: 'C0WARROOM1',
      name: 'incidents-war-room',
      kind: 'public',
      purpose: 'Every incident is announced here.',
      members: ['U0ONCALL01', 'U0APPROVE1', 'U0COMMAND1', 'U0STAKEHO1', 'U0TECHLEAD', 'U0GUEST001'],
    },
  ],
  usergroups: [
    { id: 'S0ONCALL01', handle: 'oncall', name: 'On call', users: ['U0ONCALL01', 'U0TECHLEAD'] },
    { id: 'S0APPROVE1', handle: 'approvers', name: 'Approvers', users: ['U0APPROVE1', 'U0COMMAND1'] },
  ],
};
