import { once } from 'node:events';

// Loads what main.ts is going to load and waits for a word on standard input before main.ts runs: so a bot that was killed
// is followed by another at once, as on a machine with nothing else to do. Importing does nothing by itself.
await import('../../src/compose/warroom.ts');
await import('../../src/slack/app.ts');
await once(process.stdin, 'data');
process.stdin.destroy();
