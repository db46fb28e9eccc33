import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { z } from 'zod';
import { nameProblems } from '../compose/check-names.ts';
import { lookAtPolicies } from '../compose/check-policies.ts';
import type { Config } from '../config/read-config.ts';
import { systemClock } from '../lib/clock.ts';
import { messageOf } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import { plural } from '../lib/text.ts';
import type { Packs } from '../packs/load.ts';
import { SlackCallError, type SlackCaller } from '../slack/client.ts';
import { createUserGroups } from '../slack/user-groups.ts';
import type { Check } from './doctor-findings.ts';
import { slackCaller } from './slack-access.ts';

const MANIFEST = fileURLToPath(new URL('../../manifest.yml', import.meta.url));

const manifestSchema = z.object({
  oauth_config: z.object({ scopes: z.object({ bot: z.array(z.string()) }) }),
});

/** Whether Slack takes the token and grants what manifest.yml asks for, and whether people enough are in the groups of the policies. */
export async function checkSlack(config: Config, packs: Packs, log: Log): Promise<Check[]> {
  const call = slackCaller(config, log);
  if (call === null) {
    const remarks = [
      'No Slack is configured: the local workspace takes its place, and the stand-ins of targets live inside of `npm start` alone.',
    ];
    return [{ name: 'slack', said: 'local workspace', findings: [], remarks }, checkNames(config, packs)];
  }
  return [await checkScopes(call), await checkPolicies(config, packs, call, log)];
}

async function checkScopes(call: SlackCaller): Promise<Check> {
  const name = 'slack';
  try {
    const answer = await call('interactive', 'auth.test', {});
    const granted = answer.response_metadata?.scopes ?? [];
    const wanted = manifestSchema.parse(parse(await readFile(MANIFEST, 'utf8'))).oauth_config.scopes.bot;
    const missing = wanted.filter((scope) => !granted.includes(scope));
    const said = `${answer.team ?? answer.team_id ?? 'the workspace'}, ${plural(granted.length, 'scope')}`;
    const findings =
      missing.length === 0
        ? []
        : [
            `Slack has not granted ${missing.join(', ')}: add them under OAuth & Permissions, as manifest.yml has them, and install the app again.`,
          ];
    return { name, said, findings, remarks: [] };
  } catch (error) {
    if (!(error instanceof SlackCallError)) throw error;
    const fix = 'check SLACK_BOT_TOKEN, and that Slack can be reached from here';
    return { name, said: '', findings: [`${messageOf(error).replace(/\.$/u, '')}: ${fix}.`], remarks: [] };
  }
}

/** Without a Slack that knows the groups, the names in the policies can still be looked up. */
function checkNames({ settings }: Config, packs: Packs): Check {
  const findings = nameProblems(settings, packs).map(({ name, fix }) => `${name}: ${fix}`);
  const said = findings.length === 0 ? 'every name in them is known' : '';
  return { name: 'approval policies', said, findings, remarks: [] };
}

async function checkPolicies({ settings }: Config, packs: Packs, call: SlackCaller, log: Log): Promise<Check> {
  const userGroups = createUserGroups({ call, groups: [], clock: systemClock, log });
  const membersOf = (group: string) => userGroups.findMembers(group, 'interactive');
  const { problems, warnings, unknown } = await lookAtPolicies(settings, packs, { membersOf, clock: systemClock });
  return {
    name: 'approval policies',
    said: problems.length + warnings.length + unknown.size === 0 ? 'somebody can satisfy each' : '',
    findings: [...problems.map((problem) => `${problem.name}: ${problem.fix}`), ...warnings],
    remarks: [...unknown].map(([group, why]) => `Who belongs to ${group} is not known (${why.replace(/\.$/u, '')}).`),
  };
}
