#!/usr/bin/env node
// Runs the command line from its TypeScript source: a checkout needs no build.
import { register } from 'tsx/esm/api';

register();
await import('../src/cli.ts');
