import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // A test waits for what it was promised, however busy the machine is: vitest's own patience of one second is none.
    expect: { poll: { timeout: 30_000, interval: 50 } },
    // Real processes on a shared machine: CI gives a test a second chance and prints that it took one.
    retry: process.env.CI === undefined ? 0 : 1,
  },
});
