import { randomBytes } from 'node:crypto';
import { fieldLimit } from './block-kit-data.ts';
import { asString, type JsonObject } from './json.ts';
import { checkContent } from './message-content.ts';
import { addMessage, changeMessage, removeMessage } from './messages.ts';
import type { MessageRecord, ResponseUrlRecord } from './records.ts';
import { Refusal } from './refusal.ts';
import type { Workspace } from './workspace.ts';

/** Where an answer through a response_url or an acknowledgement goes. */
export type ResponseTarget = Pick<ResponseUrlRecord, 'channel' | 'user' | 'message_ts' | 'thread_ts'>;

/** Makes the address for answers to one command or click: 5 uses in 30 minutes. */
export function issueResponseUrl(workspace: Workspace, base: string, target: ResponseTarget): string {
  const id = randomBytes(18).toString('base64url');
  const now = workspace.clock.now().getTime();
  for (const old of workspace.responseUrls.values())
    if (old.created < now - 24 * 3_600_000) workspace.responseUrls.delete(old.id);
  workspace.responseUrls.set(id, { ...target, id, created: now, uses: 0 });
  return `${base}/response/${workspace.team.id}/${id}`;
}

/** One use of a response_url. Errors: invalid_url, expired_url, used_url, and what is wrong with the message. */
export function takeResponse(workspace: Workspace, id: string, body: JsonObject): void {
  const row = workspace.responseUrls.get(id);
  if (!row) throw new Refusal('invalid_url');
  const minutes = (workspace.clock.now().getTime() - row.created) / 60_000;
  if (minutes > fieldLimit('response_url', 'minutes')) throw new Refusal('expired_url');
  if (row.uses >= fieldLimit('response_url', 'max_uses')) throw new Refusal('used_url');
  respond(workspace, row, body);
  workspace.responseUrls.set(id, { ...row, uses: row.uses + 1 });
}

const KNOWN = [
  'text',
  'blocks',
  'attachments',
  'response_type',
  'replace_original',
  'delete_original',
  'thread_ts',
  'metadata',
  'unfurl_links',
  'unfurl_media',
  'mrkdwn',
  'parse',
  'link_names',
];

/** Posts, replaces or deletes as `body` says. It reaches channels that the app is not in. */
export function respond(workspace: Workspace, target: ResponseTarget, body: JsonObject): MessageRecord | null {
  if (Object.keys(body).some((key) => !KNOWN.includes(key))) throw new Refusal('invalid_payload');
  const original = workspace.messages(target.channel).get(target.message_ts ?? '');
  if (body.delete_original === true) {
    if (original) removeMessage(workspace, original);
    return null;
  }
  const content = checkContent('respond', body);
  const said = { text: content.text ?? '', blocks: content.blocks ?? [], attachments: content.attachments ?? [] };
  if (body.replace_original === true && original) return changeMessage(workspace, original, { patch: said });
  const inChannel = body.response_type === 'in_channel';
  const thread = asString(body.thread_ts) ?? null;
  if (thread !== null && !inChannel) throw new Refusal('invalid_payload');
  return addMessage(workspace, {
    channel: target.channel,
    user: workspace.app.botUser,
    bot_id: workspace.app.botId,
    ...said,
    metadata: content.metadata,
    thread_ts: thread,
    ephemeral_to: inChannel ? null : target.user,
  });
}
