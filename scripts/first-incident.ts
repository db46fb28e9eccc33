/**
 * What the README promises, run for real: `npm start` in an empty home, one incident from declaration to resolution by two
 * people, a drill with a real fault, a restart, and Ctrl-C. Exits with 1 and the reason when anything is not as printed.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalPerson, until } from './local-client.ts';

/** Seconds that a start may take, as an argument; a machine that is busy with something else needs more. */
const READY_WITHIN_MS = Number(process.argv[2] ?? 10) * 1000;
const ON_CALL = 'U0ONCALL01';
const APPROVER = 'U0APPROVE1';

const home = await mkdtemp(join(tmpdir(), 'warroom-first-'));
const running = new Set<ChildProcess>();
try {
  await story(home);
} finally {
  for (const child of running) process.kill(-(child.pid ?? 0), 'SIGINT');
  await rm(home, { recursive: true, force: true });
}

async function story(home: string): Promise<void> {
  const first = await start(home, 'cold');
  const nadia = new LocalPerson(first.url, ON_CALL);
  const tomas = new LocalPerson(first.url, APPROVER);
  const hub = (await nadia.channel('incidents-war-room')).id;
  await nadia.sees(hub, /Welcome to Warroom/u);
  await declareAndFix(nadia, tomas, hub);
  await drill(nadia, tomas, hub);
  await stop(first.child);
  const second = await start(home, 'warm');
  await new LocalPerson(second.url, ON_CALL).sees(hub, /Quotes are late/u);
  say('after a restart everything is still there');
  await stop(second.child);
}

async function declareAndFix(nadia: LocalPerson, tomas: LocalPerson, hub: string): Promise<void> {
  await nadia.types(hub, '/incident declare Quotes are late');
  let modal = await nadia.seesModal(/Declare/u);
  if (!modal.blocks.some((block) => block.block_id === 'severity:auto-broker')) {
    modal = await nadia.chooses(modal, 'system', 'auto-broker');
  }
  await nadia.submits(modal, { system: 'auto-broker', 'severity:auto-broker': 'SEV2', title: 'Quotes are late' });
  await nadia.sees(hub, /SEV2.*Quotes are late/su);
  say('declared SEV2 of Auto-Broker');
  await nadia.types(hub, '/runbook RB-012');
  await nadia.presses(await nadia.sees(hub, /Runbook RB-012 .*Run diagnostics/su), 'Run diagnostics');
  await fix(nadia, tomas, {
    channel: hub,
    diagnosed: /backlog/u,
    button: 'step.request:1/reset',
    command: /DEL circuit_breaker/u,
  });
  say('diagnosed, approved by a second person, executed and verified');
  await nadia.types(hub, '/incident resolve 1');
  await nadia.submits(await nadia.seesModal(/Resolve/u), { summary: 'The breaker was open; closing it was enough.' });
  const closing = await nadia.sees(hub, /resolved.*The breaker was open/su);
  say(`resolved: ${closing.text.slice(0, 120)}`);
}

async function drill(nadia: LocalPerson, tomas: LocalPerson, hub: string): Promise<void> {
  await nadia.types(hub, '/drill start WR-001');
  const room = (await nadia.channel('inc-')).id;
  await nadia.sees(room, /SEV3/u);
  await nadia.types(room, '/runbook WR-001');
  // A session counts as idle after five seconds.
  await until('the diagnostics to find the idle session', async () => {
    await nadia.presses(await nadia.sees(room, /Runbook WR-001 /u), 'run.diagnose');
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    return /last_query\s+: UPDATE drill/u.test(JSON.stringify((await nadia.sees(room, /Runbook WR-001 /u)).blocks));
  });
  await fix(nadia, tomas, {
    channel: room,
    diagnosed: /last_query\s+: UPDATE drill/u,
    button: 'step.request:2/terminate',
    command: /pg_terminate_backend/u,
  });
  say('the drill: a real idle transaction was found and ended');
}

async function fix(
  nadia: LocalPerson,
  tomas: LocalPerson,
  what: { channel: string; diagnosed: RegExp; button: string; command: RegExp },
): Promise<void> {
  await nadia.presses(await nadia.sees(what.channel, what.diagnosed), what.button);
  await nadia.submits(await nadia.seesModal(/approval/iu), { reason: 'The diagnostics say so.' });
  const request = await tomas.sees(what.channel, new RegExp(`Approve.*|${what.command.source}`, 'su'));
  const card = request.text.includes('pprov') ? request : await tomas.sees(what.channel, /Approve/u);
  await tomas.presses(card, 'Approve');
  await nadia.sees(what.channel, /✅.*(?:erif|expected)/su);
}

type Running = { readonly child: ChildProcess; readonly url: string };

async function start(home: string, what: string): Promise<Running> {
  const started = performance.now();
  const env = { ...process.env, WARROOM_HOME: home, WARROOM_PORT: '0' };
  const child = spawn('npm', ['start'], { env, stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  running.add(child);
  child.once('exit', () => running.delete(child));
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    output += String(chunk);
  });
  const url = await until('the line that says ready', async () => /ready at (http:\/\/\S+)/u.exec(output)?.[1]);
  const ms = performance.now() - started;
  say(`${what} start: ready after ${(ms / 1000).toFixed(1)} s`);
  if (ms > READY_WITHIN_MS) throw new Error(`The ${what} start took ${ms} ms, more than ${READY_WITHIN_MS}.`);
  return { child, url };
}

/** Ctrl-C as a terminal sends it: to the whole group. */
async function stop(child: ChildProcess): Promise<void> {
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  process.kill(-(child.pid ?? 0), 'SIGINT');
  await gone;
  await until('the embedded database to stop', async () => !databaseRuns(home));
}

function databaseRuns(home: string): boolean {
  const data = join(home, 'postgres', 'postgres', 'data');
  return existsSync(data) && readdirSync(data).includes('postmaster.pid');
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
