import { randomBytes } from 'node:crypto';
import type { Json } from '../lib/canonical-json.ts';
import { isObject, type JsonObject } from './json.ts';

function shortId(): string {
  return randomBytes(4).toString('base64url').slice(0, 5);
}

const WITHOUT_ACTION_ID = ['image', 'plain_text', 'mrkdwn'];

function fillElement(element: JsonObject): JsonObject {
  const passive = WITHOUT_ACTION_ID.includes(String(element.type)) || String(element.type).startsWith('rich_text_');
  return passive || element.action_id !== undefined ? element : { ...element, action_id: shortId() };
}

function fillBlock(block: JsonObject): JsonObject {
  const filled: Record<string, Json> = { ...block, block_id: block.block_id ?? shortId() };
  if (['actions', 'context_actions'].includes(String(block.type)) && Array.isArray(block.elements)) {
    filled.elements = block.elements.map((item: Json) => (isObject(item) ? fillElement(item) : item));
  }
  for (const key of ['accessory', 'element']) {
    const value = block[key];
    if (isObject(value)) filled[key] = fillElement(value);
  }
  if (Array.isArray(block.child_blocks)) filled.child_blocks = fillBlockIds(block.child_blocks);
  return filled;
}

/** Blocks with the block ids and action ids that the app left out, as Slack fills them in. Texts stay as they were sent. */
export function fillBlockIds(blocks: readonly unknown[]): JsonObject[] {
  return blocks.filter(isObject).map(fillBlock);
}
