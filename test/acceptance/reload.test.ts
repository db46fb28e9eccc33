import { mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { tellPackProblems } from '../../src/notify/pack-notices.ts';
import { HUB, type Story, startStory, TOMAS } from '../support/story.ts';

vi.setConfig({ testTimeout: 60_000 });

const PATIENT = { withinMs: 20_000 };

const SYSTEM = `name: Depot
severities:
  - { level: SEV1, rank: 1, definition: Nothing leaves, war_room: hub-thread }
targets:
  worker:
    executor: sh
    options: { cwd: { setting: DEPOT_DIR, default: . } }
    write: {}
`;

function runbook(title: string, command: string, attributes = 'target=worker'): string {
  return [
    `---\nid: DP-1\ntitle: ${title}\n---\n`,
    '## Symptoms\n\n- Parcels pile up\n',
    `## Mitigate\n\n### Write it down\n\n\`\`\`sh {#note ${attributes}}\n${command}\n\`\`\`\n`,
  ].join('\n');
}

type Depot = { readonly story: Story; readonly file: string; readonly dir: string; readonly effects: string };

/** A system with one runbook that writes a line into a file. */
async function depot(settings: Readonly<Record<string, unknown>> = {}): Promise<Depot> {
  const dir = await mkdtemp(join(tmpdir(), 'warroom-packs-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  await mkdir(join(dir, 'packs/depot'), { recursive: true });
  await writeFile(join(dir, 'packs/depot/system.yml'), SYSTEM);
  const file = join(dir, 'packs/depot/dp-1.md');
  await writeFile(file, runbook('Parcels pile up', 'echo first >> effects.log'));
  const story = await startStory({
    packs: join(dir, 'packs'),
    contacts: {},
    settings: { ...settings, settings: { DEPOT_DIR: dir } },
  });
  return { story, file, dir, effects: join(dir, 'effects.log') };
}

/** Waits until the runbook in force has this title. */
async function inForce(story: Story, id: string, title: string | undefined): Promise<void> {
  await expect
    .poll(() => story.warroom.context.packs().runbooks.get(`depot/${id}`)?.title, { timeout: 20_000 })
    .toBe(title);
}

it('shows an edited, an added and a renamed runbook through /runbook without a restart, and forgets a removed one', async () => {
  const { story, file, dir } = await depot();
  const { nadia } = story;
  await nadia.types(HUB, '/runbook DP-1');
  const before = await nadia.seesMessage(HUB, 'Runbook DP-1 Parcels pile up');
  // As editors do it: a new file takes the place of the old one.
  await writeFile(`${file}.tmp`, runbook('Parcels pile up at the gate', 'echo second >> effects.log'));
  await rename(`${file}.tmp`, file);
  await writeFile(join(dir, 'packs/depot/dp-2.md'), runbook('Scanner is blind', 'echo x').replace('DP-1', 'DP-2'));
  await inForce(story, 'DP-2', 'Scanner is blind');
  await nadia.types(HUB, '/runbook DP-1');
  const after = await nadia.seesMessage(HUB, 'Runbook DP-1 Parcels pile up at the gate');
  const contentOf = (text: string) => /not committed, content `([0-9a-f]{8})`/u.exec(text)?.[1];
  expect(contentOf(after.text)).toMatch(/^[0-9a-f]{8}$/u);
  expect(contentOf(before.text)).not.toBe(contentOf(after.text));
  await nadia.types(HUB, '/runbook blind scanner');
  await nadia.seesMessage(HUB, /1 runbook.*DP-2/su);
  await rm(join(dir, 'packs/depot/dp-2.md'));
  await inForce(story, 'DP-2', undefined);
  await nadia.types(HUB, '/runbook DP-2');
  await nadia.seesMessage(HUB, 'There is no runbook “DP-2”');
  // The whole folder is swapped behind a link, as volumes of Kubernetes and deployments do it.
  await mkdir(join(dir, 'next/depot'), { recursive: true });
  await writeFile(join(dir, 'next/depot/system.yml'), SYSTEM);
  await writeFile(join(dir, 'next/depot/dp-1.md'), runbook('Swapped', 'echo third >> effects.log'));
  await rename(join(dir, 'packs'), join(dir, 'old'));
  await symlink(join(dir, 'next'), join(dir, 'packs'));
  await inForce(story, 'DP-1', 'Swapped');
  story.expectNothingElse();
});

it('keeps the last good version of a broken file, tells it once whoever sees it, and says when it is good again', async () => {
  const { story, file, dir } = await depot();
  const { nadia } = story;
  await writeFile(file, runbook('Broken', 'echo x', 'target=nowhere'));
  const told = await nadia.seesMessage(HUB, 'depot/dp-1.md` has 1 error', PATIENT);
  expect(told.text).toContain('The last good version stays in force');
  expect(told.text).toContain('Depot has no target "nowhere"');
  await inForce(story, 'DP-1', 'Parcels pile up');
  // A second replica, and a second look, have nothing to add.
  const { packs } = story.warroom.context;
  const held = new Map([['depot/dp-1.md', await hashOf(file)]]);
  await tellPackProblems(story.db.pool, { packs: packs(), held });
  await writeFile(join(dir, 'packs/depot/system.yml'), SYSTEM.replace('severities', 'severitys'));
  const system = await nadia.seesMessage(HUB, 'depot/system.yml` has', PATIENT);
  expect(system.text).toContain('The last good version stays in force');
  expect(packs().systems.get('depot')?.name).toBe('Depot');
  await writeFile(join(dir, 'packs/depot/system.yml'), SYSTEM);
  await writeFile(file, runbook('Mended', 'echo x'));
  await nadia.seesChange(told, '✅ `depot/dp-1.md` is good again', PATIENT);
  await nadia.seesChange(system, '✅ `depot/system.yml` is good again', PATIENT);
  await inForce(story, 'DP-1', 'Mended');
  for (const message of [told, system]) {
    const answer = await nadia.seesMessage(HUB, /is good again \(it was broken for/u, PATIENT);
    expect([told.ts, system.ts]).toContain(answer.record.thread_ts);
    expect(message.text).toContain('✅');
  }
  await story.settle();
  const errors = story.log.messages('error').filter((line) => line.startsWith('depot/'));
  story.expectNothingElse({ errors });
});

it('refuses a system.yml that tightens approvals so that nobody could satisfy them, tells it, and takes it up once somebody can', async () => {
  const { story, dir } = await depot({
    approvals: { change: { from: [TOMAS] }, destructive: { approvers: 1, from: [TOMAS] } },
  });
  const { nadia } = story;
  const tightened = (approvers: number) =>
    writeFile(join(dir, 'packs/depot/system.yml'), `${SYSTEM}    approvals: { approvers: ${approvers} }\n`);
  await tightened(2);
  const told = await nadia.seesMessage(HUB, 'depot/system.yml` has 1 error', PATIENT);
  expect(told.text).toContain('The last good version stays in force');
  expect(told.text).toContain('approvals.change nobody could satisfy it: it wants 2 approvers, but `from` names fewer');
  const approvals = () => story.warroom.context.packs().systems.get('depot')?.targets[0]?.approvals;
  expect(approvals()).toBeNull();
  await tightened(1);
  await nadia.seesChange(told, '✅ `depot/system.yml` is good again', PATIENT);
  expect(approvals()).toEqual({ approvers: 1 });
  await nadia.seesMessage(HUB, /is good again \(it was broken for/u, PATIENT);
  await story.settle();
  story.expectNothingElse({ errors: story.log.messages('error').filter((line) => line.startsWith('depot/')) });
});

it('runs what was approved, not what stands in the file now, even when the file is gone', async () => {
  const { story, file, effects } = await depot();
  const { nadia, tomas } = story;
  await nadia.types(HUB, '/runbook DP-1');
  const run = await nadia.seesMessage(HUB, 'Runbook DP-1');
  await writeFile(file, runbook('Edited', 'echo second >> effects.log'));
  await inForce(story, 'DP-1', 'Edited');
  await run.click('1/note');
  const form = await nadia.seesModal('Ask for approval');
  expect(form.text).toContain('echo first');
  await form.fill({ reason: 'It was seen.' }).submit();
  await story.settle();
  const request = await tomas.seesMessage(HUB, '✋ Approval wanted');
  expect(request.text).toContain('echo first');
  await rm(file);
  await inForce(story, 'DP-1', undefined);
  await request.click('Approve');
  await tomas.seesMessage(HUB, 'You approved it; the step is about to run.');
  await story.settle();
  expect(await readFile(effects, 'utf8')).toBe('first\n');
  await nadia.seesChange(run, /Write it down\n.*\ndone \(/su);
  story.expectNothingElse();
});

async function hashOf(file: string): Promise<string> {
  const { createHash } = await import('node:crypto');
  return createHash('sha256')
    .update(await readFile(file))
    .digest('hex');
}
