import { parseArgs } from 'node:util';
import { sandboxOf } from './support.ts';

/** A sandbox in a process of its own, to be killed by a test. Prints its address. */
const { values } = parseArgs({ options: { data: { type: 'string', default: '' } } });
const sandbox = await sandboxOf({ dataDir: values.data });
process.stdout.write(`${sandbox.url}\n`);
