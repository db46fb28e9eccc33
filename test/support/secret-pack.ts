import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Desk } from './desk.ts';

const RUNBOOK = `---
id: RB-SEC
title: Give and look
severity: SEV2
params:
  key:
    type: secret
    description: The new API key
---

## Symptoms

- Nothing works

## Diagnose

### Who is in

\`\`\`http {#people target=api sensitive expect="status == 200"}
GET /people
\`\`\`

### Ask with a key

\`\`\`http {#asks target=api}
GET /check?key=\${key}
\`\`\`

## Mitigate

### Put the key

\`\`\`http {#put target=api timeout=5s}
POST /keys

{"key": "\${key}"}
\`\`\`

### Open it

\`\`\`http {#open target=api quorum=3 expect="status == 200" verify=people}
POST /open

{"share": "\${key}"}
\`\`\`

### Reset it

\`\`\`http {#reset target=api}
POST /reset/all
\`\`\`
`;

/** Adds a runbook with secrets and sensitive output to the packs of a desk. */
export async function addSecretRunbook(desk: Desk): Promise<void> {
  await writeFile(join(desk.packsDir, 'shop', 'rb-sec.md'), RUNBOOK);
  const packs = await desk.reload();
  const errors = packs.problems.filter(({ file, severity }) => file.includes('rb-sec') && severity === 'error');
  if (errors.length > 0) throw new TypeError(JSON.stringify(errors));
}
