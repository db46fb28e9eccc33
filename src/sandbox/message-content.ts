import { fillBlockIds } from './block-ids.ts';
import { MESSAGE_RULES } from './block-kit-data.ts';
import { checkMessageBlocks, problemLines } from './block-kit-rules.ts';
import { asList, asObjects, asString, isObject, type JsonObject } from './json.ts';
import { Refusal, refusalWithMessages } from './refusal.ts';

/** What a message says, checked. `null` means that the argument was not given. */
export type MessageContent = {
  readonly text: string | null;
  readonly blocks: readonly JsonObject[] | null;
  readonly attachments: readonly JsonObject[] | null;
  readonly metadata: JsonObject | null;
  readonly warnings: readonly string[];
};

/** Above this Slack cuts the text of a new message. Source: changelog 2018-04. */
const CUT_ABOVE = 40_000;

function limitOf(at: string, key: 'max_chars' | 'max_items', method?: string): number {
  const rule = MESSAGE_RULES.find((row) => row.at === at && row[key] !== undefined && row.in === method);
  return rule?.[key] ?? Number.POSITIVE_INFINITY;
}

/** All characters that people read in the blocks. */
function totalText(value: unknown): number {
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + totalText(item), 0);
  if (!isObject(value)) return 0;
  return Object.entries(value).reduce(
    (sum, [key, item]) => sum + (key === 'text' && typeof item === 'string' ? item.length : totalText(item)),
    0,
  );
}

function checkBlocks(blocks: unknown, total: boolean): void {
  const problems = checkMessageBlocks(blocks);
  if (problems.length > 0) throw refusalWithMessages('invalid_blocks', problemLines(problems));
  const markdown = asObjects(blocks).filter((block) => block.type === 'markdown');
  if (totalText(markdown) > limitOf('markdown_text', 'max_chars')) throw new Refusal('msg_too_long');
  if (total && totalText(blocks) > limitOf('blocks(total text)', 'max_chars')) throw new Refusal('msg_blocks_too_long');
}

function checkMetadata(metadata: unknown): JsonObject | null {
  if (metadata === undefined) return null;
  if (!isObject(metadata)) throw new Refusal('invalid_metadata_format');
  if (Object.keys(metadata).length === 0) return metadata;
  if (!asString(metadata.event_type) || !isObject(metadata.event_payload)) throw new Refusal('invalid_metadata_format');
  if (Buffer.byteLength(JSON.stringify(metadata)) > 16_000) throw new Refusal('metadata_too_large');
  return metadata;
}

/**
 * Checks text, blocks, attachments and metadata of a message. `method` decides which limits apply: `respond` (a
 * response_url or an ack) has no limit on all blocks together. Errors: Slack's, as `Refusal`.
 */
export function checkContent(method: string, sent: JsonObject): MessageContent {
  const { blocks, attachments } = sent;
  const markdown = asString(sent.markdown_text);
  if (markdown !== undefined) {
    if (sent.text !== undefined || blocks !== undefined) throw new Refusal('markdown_text_conflict');
    if (markdown.length > limitOf('markdown_text', 'max_chars')) throw new Refusal('msg_too_long');
  }
  const text = asString(sent.text) ?? markdown ?? null;
  if (!text && blocks === undefined && attachments === undefined) throw new Refusal('no_text');
  // Slack itself takes blocks without text, but then notifications and screen readers have nothing.
  if (asList(blocks).length > 0 && !text) throw new Refusal('no_text');
  const strict = ['chat.update', 'chat.postEphemeral', 'chat.scheduleMessage'].includes(method);
  if (strict && text !== null && text.length > limitOf('text', 'max_chars', 'chat.update'))
    throw new Refusal('msg_too_long');
  if (asList(attachments).length > limitOf('attachments', 'max_items')) throw new Refusal('too_many_attachments');
  if (blocks !== undefined) checkBlocks(blocks, method !== 'respond');
  for (const attachment of asObjects(attachments))
    if (attachment.blocks !== undefined) checkBlocks(attachment.blocks, false);
  const cut = text !== null && text.length > CUT_ABOVE;
  return {
    text: cut ? text.slice(0, CUT_ABOVE) : text,
    blocks: blocks === undefined ? null : fillBlockIds(asList(blocks)),
    attachments: attachments === undefined ? null : asObjects(attachments),
    metadata: checkMetadata(sent.metadata),
    warnings: cut ? ['message_truncated'] : [],
  };
}
