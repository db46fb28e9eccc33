import type { JsonObject } from './json.ts';
import type { UserRecord } from './records.ts';
import type { Workspace } from './workspace.ts';

/** Minutes east of UTC at this instant in a time zone. */
function offsetSeconds(tz: string, at: Date): number {
  const parts = new Intl.DateTimeFormat('en-US', { timeZone: tz, timeZoneName: 'longOffset' }).formatToParts(at);
  const name = parts.find((part) => part.type === 'timeZoneName')?.value ?? 'GMT';
  const [, sign = '+', hours = '0', minutes = '0'] = /GMT([+-])(\d+):(\d+)/u.exec(name) ?? [];
  return (sign === '-' ? -1 : 1) * (Number(hours) * 3_600 + Number(minutes) * 60);
}

/** A user as the Web API shows it; the address only with users:read.email. */
export function userJson(workspace: Workspace, user: UserRecord, withLocale = false): JsonObject {
  const [first = '', ...rest] = user.real_name.split(' ');
  const profile: JsonObject = {
    title: user.title,
    real_name: user.real_name,
    real_name_normalized: user.real_name,
    display_name: user.name,
    display_name_normalized: user.name,
    first_name: first,
    last_name: rest.join(' '),
    status_text: '',
    status_emoji: '',
    team: workspace.team.id,
    ...(workspace.manifest.scopes.includes('users:read.email') && user.email ? { email: user.email } : {}),
    ...(user.bot_id ? { bot_id: user.bot_id, api_app_id: workspace.app.id } : {}),
  };
  const base = {
    id: user.id,
    team_id: workspace.team.id,
    name: user.name,
    deleted: user.deleted,
    profile,
    is_bot: user.bot_id !== null,
  };
  if (user.deleted) return { ...base, is_app_user: false };
  return {
    ...base,
    color: user.color,
    real_name: user.real_name,
    tz: user.tz,
    tz_label: user.tz,
    tz_offset: offsetSeconds(user.tz, workspace.clock.now()),
    is_admin: user.is_admin,
    is_owner: user.is_admin,
    is_primary_owner: false,
    is_restricted: user.is_restricted,
    is_ultra_restricted: false,
    is_app_user: false,
    updated: 0,
    ...(withLocale ? { locale: 'en-US' } : {}),
  };
}
