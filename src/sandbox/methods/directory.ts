import { type MethodCall, type MethodHandler, paginate, text } from '../method-call.ts';
import type { UsergroupRecord } from '../records.ts';
import { Refusal } from '../refusal.ts';
import { userJson } from '../user-json.ts';

const authTest: MethodHandler = ({ workspace }) => ({
  url: `https://${workspace.team.domain}.slack.com/`,
  team: workspace.team.name,
  user: workspace.users.get(workspace.app.botUser)?.name ?? '',
  team_id: workspace.team.id,
  user_id: workspace.app.botUser,
  bot_id: workspace.app.botId,
  is_enterprise_install: false,
});

const openConnection: MethodHandler = ({ openSocketUrl }) => ({ url: openSocketUrl() });

const userInfo: MethodHandler = (call) => {
  const user = call.workspace.users.get(text(call, 'user'));
  if (!user) throw new Refusal('user_not_found');
  return { user: userJson(call.workspace, user, call.args.include_locale === true) };
};

const userList: MethodHandler = (call) => {
  const { page, nextCursor } = paginate(call, call.workspace.users.values(), { defaultLimit: 1_000, maxLimit: 1_000 });
  const members = page.map((user) => userJson(call.workspace, user, call.args.include_locale === true));
  return { members, cache_ts: call.workspace.seconds(), response_metadata: { next_cursor: nextCursor } };
};

const lookupByEmail: MethodHandler = (call) => {
  const email = text(call, 'email').toLowerCase();
  const user = call.workspace.users
    .values()
    .find((row) => row.email !== '' && row.email.toLowerCase() === email && !row.deleted);
  if (!user) throw new Refusal('users_not_found');
  return { user: userJson(call.workspace, user) };
};

function groupJson(
  call: MethodCall,
  group: UsergroupRecord,
): Record<string, string | number | boolean | readonly string[]> {
  return {
    id: group.id,
    team_id: call.workspace.team.id,
    is_usergroup: true,
    is_external: false,
    name: group.name,
    description: '',
    handle: group.handle,
    date_create: 0,
    date_delete: 0,
    ...(call.args.include_users === true ? { users: group.users } : {}),
    ...(call.args.include_count === true ? { user_count: group.users.length } : {}),
  };
}

const usergroups: MethodHandler = (call) => ({
  usergroups: call.workspace.usergroups.values().map((group) => groupJson(call, group)),
});

const usergroupUsers: MethodHandler = (call) => {
  const group = call.workspace.usergroups.get(text(call, 'usergroup'));
  if (!group) throw new Refusal('no_such_subteam');
  return { users: group.users };
};

const teamInfo: MethodHandler = (call) => {
  const { team } = call.workspace;
  const asked = text(call, 'team');
  if (asked !== '' && asked !== team.id) throw new Refusal('team_not_found');
  return {
    team: { id: team.id, name: team.name, domain: team.domain, email_domain: '', icon: { image_default: true } },
  };
};

const botInfo: MethodHandler = (call) => {
  const { app, manifest } = call.workspace;
  if (text(call, 'bot') !== app.botId) throw new Refusal('bot_not_found');
  return {
    bot: { id: app.botId, deleted: false, name: manifest.botName, updated: 0, app_id: app.id, user_id: app.botUser },
  };
};

/** auth, users, user groups, team, bots, and opening a Socket Mode connection. */
export const DIRECTORY_METHODS: Readonly<Record<string, MethodHandler>> = {
  'auth.test': authTest,
  'apps.connections.open': openConnection,
  'users.info': userInfo,
  'users.list': userList,
  'users.lookupByEmail': lookupByEmail,
  'usergroups.list': usergroups,
  'usergroups.users.list': usergroupUsers,
  'team.info': teamInfo,
  'bots.info': botInfo,
};
