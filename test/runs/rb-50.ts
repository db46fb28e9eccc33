import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Desk } from '../support/desk.ts';

const fence = (language: string, attributes: string, text: string) =>
  `\`\`\`${language} {${attributes}}\n${text}\n\`\`\`\n`;

/** A runbook with everything that order, cancelling, temporary states and rehearsals are about. */
const TEXT = `---
id: RB-50
title: The queue is slow
timeout: 2h
params:
  ticket: { type: string, pattern: "T-[0-9]+" }
  shelf: { type: integer, min: 1, max: 9 }
---

## Diagnose

### Backlog
${fence('http', '#backlog target=api', 'GET /backlog')}
### Health
${fence('http', '#health target=api', 'GET /health')}
### Option A: It is the queue
${fence('http', '#queue target=api', 'GET /queue')}
### Option B: It is the shelf
${fence('http', '#one_shelf target=api', 'GET /shelf/${shelf}')}
## Mitigate

### Flush
${fence('http', '#flush target=api verify=calm', 'POST /flush')}
### Sweep
${fence('sh', '#sweep target=worker', 'echo "begun" >> effects.log\nsleep 20\necho "ended" >> effects.log')}
### Find
${fence('http', '#find target=api capture="ticket=body.ticket"', 'POST /find')}
### Use
${fence('http', '#use target=api', 'POST /use/${ticket}')}
### Bypass
${fence('http', '#bypass target=api revert=bypass_off', 'POST /bypass')}
### Bypass off
${fence('http', '#bypass_off target=api', 'POST /bypass-off')}
### Override
${fence('http', '#override target=api revert=manual_1', 'POST /override')}
- [ ] Take the override away

### Peek
${fence('http', '#peek target=api effect=read', 'GET /peek')}
## Verify

### Calm
${fence('http', '#calm target=api expect="body.calm"', 'GET /calm')}
### Mirror
${fence('http', '#other target=mirror expect="status == 200"', 'GET /other')}
`;

/** Puts the runbook into a desk's packs. */
export async function addRunbook50(desk: Desk): Promise<void> {
  await writeFile(join(desk.packsDir, 'shop', 'rb-50.md'), TEXT);
  await desk.reload();
  const found = desk.context.packs().findRunbook('RB-50');
  if (found.status !== 'found') throw new TypeError('RB-50 cannot be read.');
}
