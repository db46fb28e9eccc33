import { stat } from 'node:fs/promises';
import type { Runbook, Step } from '../domain/runbook.ts';
import { analyseStatement } from '../executors/analyse-statement.ts';
import { loadPacks, type Packs } from '../packs/load.ts';
import type { Terminal, Verb } from './verb.ts';

/** `warroom runbooks`: what the bot knows, as a table for people or as data. It reaches no target. */
export const runbooksVerb: Verb = {
  name: 'runbooks',
  summary: 'Lists every system, runbook and step.',
  usage: [
    'warroom runbooks [DIR]              a table; DIR is `runbooks` without it',
    'warroom runbooks --json             {"systems":[{"id","name","description","severities":["SEV1"],"targets":[{"name","executor"}],"runbooks":[…]}]}',
    'a runbook: {"id","title","status","severity","alerts","file","commit","params":[{"name","type","required"}],"links","steps":[…]}',
    'a step: {"id","kind","title","phase","option","line","language","target","effect","text","verify"}; language, target, effect and verify are null where a person does it',
    'exit code 0, also when some files are broken (that is told on the standard error), 2 for wrong usage',
  ],
  run,
};

async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  const options = args.filter((arg) => arg.startsWith('--'));
  const folders = args.filter((arg) => !arg.startsWith('--'));
  const unknown = options.find((option) => option !== '--json');
  if (unknown !== undefined || folders.length > 1) {
    terminal.complain(
      unknown === undefined
        ? 'Give one folder: the one that your systems are in.'
        : `warroom runbooks has no option ${unknown}: see \`warroom help runbooks\`.`,
    );
    return 2;
  }
  const dir = folders[0] ?? 'runbooks';
  const packs = await openPacks(dir);
  if (packs === null || packs.systems.size === 0) {
    terminal.complain(`${dir} holds no system: give the folder that your systems are in.`);
    return 2;
  }
  if (options.includes('--json')) terminal.write(JSON.stringify({ systems: systemsOf(packs) }));
  else for (const line of tableOf(packs)) terminal.write(line);
  const errors = packs.problems.filter(({ severity }) => severity === 'error').length;
  if (errors > 0)
    terminal.complain(`Parts of the packs are left out because of errors (${errors}): see \`warroom lint ${dir}\`.`);
  return 0;
}

async function openPacks(dir: string): Promise<Packs | null> {
  const isFolder = await stat(dir).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!isFolder) return null;
  return await loadPacks({ dir, resolveSetting: (_, fallback) => fallback, analyse: analyseStatement });
}

function runbooksOf(packs: Packs, system: string): Runbook[] {
  return [...packs.runbooks.values()].filter((runbook) => runbook.system === system);
}

function systemsOf(packs: Packs) {
  return [...packs.systems.values()].map((system) => ({
    id: system.id,
    name: system.name,
    description: system.description,
    severities: system.severities.map(({ level }) => level),
    targets: system.targets.map(({ name, executor }) => ({ name, executor })),
    runbooks: runbooksOf(packs, system.id).map((runbook) => ({
      id: runbook.id,
      title: runbook.title,
      status: runbook.status,
      severity: runbook.severity,
      alerts: runbook.alerts,
      file: runbook.source.file,
      commit: runbook.source.commit,
      params: runbook.params.map(({ name, type, required }) => ({ name, type, required })),
      links: runbook.links,
      steps: runbook.steps.map(stepData),
    })),
  }));
}

function stepData(step: Step) {
  const { id, kind, title, phase, option, text } = step;
  const isRun = step.kind === 'executable';
  return {
    ...{ id, kind, title, phase, option, line: step.position.line },
    language: isRun ? step.language : null,
    target: isRun ? step.target : null,
    effect: isRun ? step.effect : null,
    text,
    verify: isRun ? step.verify : null,
  };
}

function tableOf(packs: Packs): string[] {
  return [...packs.systems.values()].flatMap((system) => [
    `${system.id}  ${system.name}`,
    ...runbooksOf(packs, system.id).flatMap((runbook) => [
      `  ${[runbook.id.padEnd(10), (runbook.severity ?? '').padEnd(8), runbook.title].join('  ')}${runbook.status === 'draft' ? ' (draft)' : ''}`,
      ...runbook.steps.map((step) => `    ${stepRow(step)}`),
    ]),
    '',
  ]);
}

function stepRow(step: Step): string {
  const [what, where] = step.kind === 'executable' ? [step.effect, `${step.language} ${step.target}`] : ['person', ''];
  return [step.phase.padEnd(10), what.padEnd(11), where.padEnd(22), step.id.padEnd(20), step.title]
    .join('  ')
    .trimEnd();
}
