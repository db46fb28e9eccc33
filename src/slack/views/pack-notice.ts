import type { PackNotice } from '../../db/pack-notices.ts';
import { formatDuration } from '../../lib/duration.ts';
import { plural } from '../../lib/text.ts';
import { escapeLine } from '../text-safety.ts';
import { type Block, context, preformatted, richText, section } from './blocks.ts';
import { type Message, message } from './message.ts';

const PROBLEMS_SHOWN = 8;

/** What is wrong with a file of the packs and what holds meanwhile; once it is settled, what became of it. */
export function packBrokenMessage(notice: PackNotice, remark: string | null): Message {
  const file = escapeLine(notice.file, 200);
  const text = `🛑 \`${file}\` has ${plural(notice.problems.length, 'error')}. ${consequence(notice)}`;
  const shown = notice.problems.slice(0, PROBLEMS_SHOWN);
  // Slack replaces rich text by rich text alone, so what was wrong stays below the news.
  const lines = richText(...shown.map((line) => preformatted(line, 400)));
  if (notice.settledAt !== null) return message(settled(notice), [section(settled(notice)), lines]);
  const hidden = notice.problems.length - shown.length;
  const more = [
    hidden > 0 ? `… and ${plural(hidden, 'more error')} in this file` : '',
    notice.more > 0 ? `${plural(notice.more, 'more file')} of this system broke at the same time` : '',
    '`warroom lint` shows all of them with lines and fixes',
    remark === null ? '' : escapeLine(remark, 200),
  ];
  const blocks: Block[] = [section(text), lines, context(more.filter((part) => part !== '').join(' · '))];
  return message(text, blocks);
}

/** Below the message that told of the fault: it is over. */
export function packMendedMessage(notice: PackNotice): Message {
  return message(settled(notice), [section(settled(notice))]);
}

function settled({ file, outcome, brokenAt, settledAt }: PackNotice): string {
  const name = `\`${escapeLine(file, 200)}\``;
  const lasted = settledAt ? ` (it was broken for ${formatDuration(settledAt.getTime() - brokenAt.getTime())})` : '';
  if (outcome === 'removed') return `🗑️ ${name} was removed${lasted}.`;
  if (outcome === 'replaced') return `🛑 ${name} was changed and has other errors now: see the newer message.`;
  return `✅ ${name} is good again${lasted}; what it says now is in force.`;
}

function consequence({ held }: PackNotice): string {
  if (held) return 'The last good version stays in force.';
  return 'Nothing earlier is in force instead: what is wrong is left out until it is mended.';
}
