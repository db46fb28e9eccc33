// Where filters work: a thread of its own, so that no pattern and no jq program can hold up the bot. It runs from the TypeScript source,
// as the command line does.
import { register } from 'tsx/esm/api';

register();
await import('./filter-work.ts');
