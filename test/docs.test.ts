import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readSettingsFile } from '../src/config/settings-file.ts';
import { SCENARIOS } from '../src/runs/drill.ts';
import { type Command, loadCommands } from '../src/slack/commands.ts';

const ROOT = new URL('..', import.meta.url).pathname;
const DOCS = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  ...readdirSync(join(ROOT, 'docs/guides')).map((name) => `docs/guides/${name}`),
  ...readdirSync(join(ROOT, 'docs/decisions')).map((name) => `docs/decisions/${name}`),
].map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }));

/** What stands in code marks and starts with a slash command. */
const TYPED = DOCS.flatMap(({ path, text }) =>
  [...text.matchAll(/`(\/(?:incident|runbook|drill)\b[^`]*)`/gu)].map((match) => ({ path, typed: match[1] ?? '' })),
);

describe('the documentation', () => {
  let commands: Map<string, Command>;
  beforeAll(async () => {
    commands = new Map((await loadCommands()).map((command) => [`/${command.key}`, command]));
  });

  it('names slash commands and verbs that exist', () => {
    expect(TYPED.length).toBeGreaterThan(15);
    for (const { path, typed } of TYPED) {
      const [name = '', verb = ''] = typed.split(/\s+/u);
      const command = commands.get(name);
      expect(command, `${path}: ${typed}`).toBeDefined();
      const known = command?.verbs.some((candidate) => candidate.names.includes(verb)) ?? false;
      expect(known || verb === '' || verb === 'help' || command?.otherwise, `${path}: ${typed}`).toBeTruthy();
    }
  });

  it('names drills and runbooks that exist', () => {
    for (const { typed } of TYPED) {
      const drill = /^\/drill start (\S+)/u.exec(typed)?.[1];
      if (drill) expect(Object.keys(SCENARIOS)).toContain(drill);
    }
  });

  it('names verbs of the command line that exist', () => {
    const verbs = DOCS.flatMap(({ path, text }) =>
      [...text.matchAll(/(?:`|bin\/|^ {4})warroom(?:\.mjs)? ([a-z]+)/gmu)].map((match) => ({
        path,
        verb: match[1] ?? '',
      })),
    );
    expect(verbs.length).toBeGreaterThan(3);
    for (const { path, verb } of verbs)
      expect(verb === 'help' || existsSync(join(ROOT, `src/cli/${verb}.ts`)), `${path}: ${verb}`).toBe(true);
  });

  it('lists every verb of the command line on the first page', () => {
    const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
    const verbs = [
      ...readFileSync(join(ROOT, 'src/cli.ts'), 'utf8').matchAll(/^ {2}(\w+): async \(\) => \(await import/gmu),
    ].map(([, verb]) => verb ?? '');
    expect(verbs.length).toBeGreaterThan(10);
    expect(verbs.filter((verb) => !new RegExp(`\`${verb}\`|warroom ${verb}\\b`, 'u').test(readme))).toEqual([]);
  });

  it('says where each part of the house is, and names no part that is not there', () => {
    const table = readFileSync(join(ROOT, 'CONTRIBUTING.md'), 'utf8');
    const parts = readdirSync(join(ROOT, 'src'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
    expect(parts.length).toBeGreaterThan(10);
    expect(
      parts.filter(({ name }) => !new RegExp(`\`src/${name}[/\`.]`, 'u').test(table)).map(({ name }) => name),
    ).toEqual([]);
    for (const [, path = ''] of table.matchAll(/`((?:src|test|docs)\/[^`<]*)`/gu))
      expect(existsSync(join(ROOT, path)), path).toBe(true);
  });

  it('names npm scripts that exist', () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: object };
    for (const { path, text } of DOCS) {
      for (const [, script] of text.matchAll(/npm run ([a-z:]+)/gu)) {
        expect(Object.keys(scripts), path).toContain(script);
      }
    }
  });

  it('has no dead link to a file', () => {
    for (const { path, text } of DOCS) {
      for (const [, target = ''] of text.matchAll(/\]\((?!https?:|missing:|#)([^)#\s]+)/gu)) {
        expect(existsSync(join(ROOT, dirname(path), target)), `${path} → ${target}`).toBe(true);
      }
    }
  });

  it('tells an operator every variable that the targets of the shipped systems have their secrets in', () => {
    const guide = readFileSync(join(ROOT, 'docs/guides/operator.md'), 'utf8');
    const files = readdirSync(join(ROOT, 'runbooks')).map((name) => join(ROOT, 'runbooks', name, 'system.yml'));
    const named = files.filter(existsSync).flatMap((file) => {
      const secrets = readFileSync(file, 'utf8').matchAll(/secret: env:(\w+)/gu);
      return [...secrets].map(([, name = '']) => name);
    });
    expect(named).toContain('AUTO_BROKER_REDIS_READ_PASSWORD');
    expect(named.filter((name) => !guide.includes(`\`${name}\``))).toEqual([]);
  });

  it('shows a warroom.yml that Warroom takes', () => {
    const text = readFileSync(join(ROOT, 'docs/guides/operator.md'), 'utf8');
    const yaml = /```yaml\n([\s\S]*?)```/u.exec(text)?.[1] ?? '';
    expect(parse(yaml)).toBeTruthy();
    expect(readSettingsFile(yaml)).not.toHaveProperty('problems');
  });
});
