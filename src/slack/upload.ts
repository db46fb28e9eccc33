import type { Lane } from '../domain/intents.ts';
import { InternalError } from '../lib/errors.ts';
import type { SlackCaller } from './client.ts';
import { SlackCallError } from './client.ts';
import { classifyFailure } from './retry-table.ts';

const TIMEOUT_MS = 30_000;
/** Slack shows a text file inline up to this size and refuses a larger snippet. */
const MAX_BYTES = 1_000_000;

export type UploadedFile = {
  readonly channel: string;
  readonly thread?: string | undefined;
  readonly filename: string;
  readonly title: string;
  /** Not empty: Slack refuses an empty file. Text is cut at about 1 MB. */
  readonly content: string | Uint8Array;
  readonly comment?: string | undefined;
  readonly lane: Lane;
};

/**
 * Uploads a file in Slack's three steps and shares it in a channel. The bytes travel by a fetch of our own, because
 * the library's helper also sends the bot token to the upload address. Until the third step nobody sees the file, so an
 * attempt that broke off before can be repeated. Rejects with a SlackCallError. Returns the id of the file.
 */
export async function uploadFile(call: SlackCaller, file: UploadedFile): Promise<string> {
  const bytes = bytesOf(file.content);
  const { lane, filename } = file;
  const slot = await call(lane, 'files.getUploadURLExternal', { filename, length: bytes.length });
  const { upload_url: url, file_id: id } = slot;
  if (url === undefined || id === undefined) {
    throw new InternalError('slack.upload', 'Slack offered no address for the upload.');
  }
  await sendBytes(url, bytes);
  const target = {
    channel_id: file.channel,
    ...(file.comment === undefined ? {} : { initial_comment: file.comment }),
  };
  const files: [{ id: string; title: string }] = [{ id, title: file.title }];
  await call(lane, 'files.completeUploadExternal', {
    files,
    ...(file.thread === undefined ? target : { ...target, thread_ts: file.thread }),
  });
  return id;
}

function bytesOf(content: string | Uint8Array): Uint8Array {
  if (typeof content !== 'string') return content;
  return Buffer.from(content === '' ? '(empty)\n' : content).subarray(0, MAX_BYTES);
}

async function sendBytes(url: string, bytes: Uint8Array): Promise<void> {
  let answer: Response;
  try {
    answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/octet-stream' },
      body: new Uint8Array(bytes),
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    await answer.arrayBuffer();
  } catch (error) {
    throw new SlackCallError('files.getUploadURLExternal', { ...classifyFailure(error), uncertain: false }, error);
  }
  if (answer.ok) return;
  const reason = `the upload was refused (http_${answer.status})`;
  const failure = { code: `http_${answer.status}`, retry: answer.status >= 500, uncertain: false, reason, afterMs: 0 };
  throw new SlackCallError('files.getUploadURLExternal', failure);
}
