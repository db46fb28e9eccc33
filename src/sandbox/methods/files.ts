import { randomBytes } from 'node:crypto';
import { fillBlockIds } from '../block-ids.ts';
import { fieldLimit } from '../block-kit-data.ts';
import { checkMessageBlocks, problemLines } from '../block-kit-rules.ts';
import { asList, asObjects, asString } from '../json.ts';
import { addMessage, fileJson } from '../messages.ts';
import { isMember, list, type MethodCall, type MethodHandler, text } from '../method-call.ts';
import type { ChannelRecord, FileRecord } from '../records.ts';
import { Refusal, refusalWithMessages } from '../refusal.ts';

const MIME: Readonly<Record<string, string>> = {
  csv: 'text/csv',
  gif: 'image/gif',
  html: 'text/html',
  jpeg: 'image/jpeg',
  jpg: 'image/jpeg',
  json: 'application/json',
  log: 'text/plain',
  md: 'text/markdown',
  pdf: 'application/pdf',
  png: 'image/png',
  txt: 'text/plain',
};

const getUploadUrl: MethodHandler = (call) => {
  const { workspace } = call;
  const size = Number(call.args.length);
  if (size <= 0) throw refusalWithMessages('invalid_arguments', ['must be greater than 0: length']);
  const alt = asString(call.args.alt_txt) ?? null;
  if (alt !== null && alt.length > fieldLimit('file_alt_text', 'max_chars')) throw new Refusal('alt_txt_too_large');
  if (text(call, 'snippet_type') !== '' && size > fieldLimit('snippet', 'max_bytes'))
    throw new Refusal('snippet_too_large');
  const id = workspace.newId('F');
  const name = text(call, 'filename');
  const ticket = randomBytes(16).toString('hex');
  workspace.files.set(id, {
    id,
    user: workspace.app.botUser,
    name,
    title: name,
    mimetype: MIME[name.split('.').at(-1)?.toLowerCase() ?? ''] ?? 'application/octet-stream',
    size,
    alt_text: alt,
    created: workspace.seconds(),
    state: 'waiting',
    ticket,
    channels: [],
  });
  return { upload_url: `${call.baseUrl}/upload/v1/${id}/${ticket}`, file_id: id };
};

function targetOfShare(call: MethodCall, id: string): ChannelRecord {
  const channel = call.workspace.channels.get(id);
  if (!channel || (channel.kind === 'private' && !isMember(call, channel))) throw new Refusal('channel_not_found');
  if (!isMember(call, channel)) throw new Refusal('not_in_channel');
  if (channel.is_archived) throw new Refusal('posting_to_channel_denied');
  return channel;
}

const complete: MethodHandler = (call) => {
  const { workspace } = call;
  const wanted = asObjects(call.args.files);
  if (wanted.length === 0) throw refusalWithMessages('invalid_arguments', ['no fewer than 1 items allowed: files']);
  const ids = [...list(call, 'channels'), ...(text(call, 'channel_id') ? [text(call, 'channel_id')] : [])];
  if (ids.length > fieldLimit('file_channels', 'max_items')) throw new Refusal('channels_limit_exceeded');
  const channels = ids.map((id) => targetOfShare(call, id));
  const blocks = text(call, 'initial_comment') === '' ? asList(call.args.blocks) : [];
  const problems = checkMessageBlocks(blocks);
  if (problems.length > 0) throw refusalWithMessages('invalid_blocks', problemLines(problems));
  if (asObjects(blocks).some((block) => block.type !== 'rich_text')) throw new Refusal('invalid_blocks');
  const files = wanted.map((entry): FileRecord => {
    const file = workspace.files.get(asString(entry.id) ?? '');
    if (file?.state !== 'uploaded') throw new Refusal('file_not_found');
    return {
      ...file,
      title: asString(entry.title) ?? file.name,
      state: 'complete',
      channels: channels.map((row) => row.id),
    };
  });
  workspace.store.atomically(() => {
    for (const file of files) workspace.files.set(file.id, file);
    for (const channel of channels) {
      const thread = text(call, 'thread_ts');
      addMessage(workspace, {
        channel: channel.id,
        user: workspace.app.botUser,
        bot_id: workspace.app.botId,
        text: text(call, 'initial_comment'),
        blocks: fillBlockIds(blocks),
        files: files.map((file) => file.id),
        thread_ts: thread === '' ? null : thread,
      });
    }
  });
  return { files: files.map((file) => fileJson(workspace, file.id)) };
};

function getFile(call: MethodCall): FileRecord {
  const file = call.workspace.files.get(text(call, 'file'));
  if (!file || file.state === 'waiting') throw new Refusal('file_not_found');
  if (file.state === 'deleted') throw new Refusal('file_deleted');
  return file;
}

const info: MethodHandler = (call) => ({ file: fileJson(call.workspace, getFile(call).id), comments: [] });

const remove: MethodHandler = (call) => {
  const file = getFile(call);
  if (file.user !== call.workspace.app.botUser) throw new Refusal('cant_delete_file');
  call.workspace.files.set(file.id, { ...file, state: 'deleted' });
  return {};
};

/** files.* */
export const FILE_METHODS: Readonly<Record<string, MethodHandler>> = {
  'files.getUploadURLExternal': getUploadUrl,
  'files.completeUploadExternal': complete,
  'files.info': info,
  'files.delete': remove,
};
