import { isIP } from 'node:net';
import type { Language } from '../domain/runbook.ts';
import type { TargetDefinition } from '../domain/system.ts';
import { canonicalJson, type Json } from '../lib/canonical-json.ts';
import { type Clock, systemClock } from '../lib/clock.ts';
import { messageOf, UserError } from '../lib/errors.ts';
import { LoadedSecrets, secretReference } from './credential.ts';
import type { requireAllowed } from './docker/engine-guard.ts';
import { ESCAPES, LOOKS } from './escapes.ts';
import type { Attempt, DeeperLayers, DeeperUse, Examination, LayerResult } from './examination.ts';
import type { Executor, StatementResult } from './executor.ts';
import type { KubeGuard } from './kube/kube-request.ts';
import { redact } from './output-safety.ts';
import type { ExecutorDependencies } from './registry.ts';

/** How long one target may take to answer one question, in milliseconds. */
const LOOK_MS = 10_000;

/** Their deeper layers do not depend on the look: the gate needs no engine, and an account may be asked about that may not list pods. */
const ANSWERED_APART: readonly Language[] = ['docker', 'kubectl'];

type Tools = ExecutorDependencies & {
  readonly executors: ReadonlyMap<Language, Executor>;
  readonly signal: AbortSignal;
  /** The gates before the wire; tests replace one to see that it is missed. */
  readonly gates?: { readonly docker?: typeof requireAllowed; readonly kubectl?: KubeGuard };
};

type Notes = { reached: boolean | null; findings: string[]; remarks: string[] };

/**
 * Looks at a target as `warroom doctor` does: definition, credentials, whether it answers, and every escape of its language, layer
 * by layer. Changes nothing: what each layer is shown, and what little is sent, is reviewed in `ESCAPES` and beside
 * each executor. Never throws for what is wrong with a target.
 */
export async function examineTarget(target: TargetDefinition, tools: Tools): Promise<Examination> {
  const executor = tools.executors.get(target.executor);
  const problems = executor
    ? executor.checkTarget(target)
    : [`This build has no ${target.executor} executor: remove the target, or use another executor.`];
  if (!executor || problems.length > 0) return { reached: null, findings: problems, remarks: [], attempts: [] };
  const notes: Notes = { reached: null, findings: [], remarks: [] };
  const usable = await resolveCredentials(target, tools, notes);
  const attempts = await refusals(executor, target);
  for (const { statement, layers } of attempts) {
    if (layers.some(({ outcome }) => outcome === 'open'))
      notes.findings.push(
        `Warroom would take “${statement}” for reading: tell the developers, and keep this target out of Diagnose.`,
      );
  }
  if (usable) await look(executor, target, { tools, notes });
  const deeper =
    usable && (notes.reached !== false || ANSWERED_APART.includes(target.executor))
      ? await lookDeeper(target, tools, notes)
      : null;
  notes.reached = deeper?.reached ?? notes.reached;
  notes.findings.push(...openGates(deeper));
  notes.findings.push(...(deeper?.findings ?? []));
  notes.remarks.push(...(deeper?.remarks ?? []));
  return {
    reached: notes.reached,
    findings: [...new Set(notes.findings)],
    remarks: [...new Set(notes.remarks)],
    attempts: attempts.map(({ statement, layers }) => ({
      statement,
      layers: [...layers, ...(deeper?.layers.get(statement) ?? [])],
    })),
  };
}

/** Warroom's own gate is not a matter of the target: what it lets pass is a fault of this build. */
function openGates(deeper: DeeperLayers | null): string[] {
  return [...(deeper?.layers ?? [])].flatMap(([statement, layers]) =>
    layers.some(({ layer, outcome }) => layer === 'gate' && outcome === 'open')
      ? [
          `The gate before the wire would let “${statement}” pass: tell the developers, and keep this target out of Diagnose.`,
        ]
      : [],
  );
}

/** Resolves every secret that the target names and throws its value away. False when the read credential is not complete. */
async function resolveCredentials(target: TargetDefinition, tools: Tools, notes: Notes): Promise<boolean> {
  let usable = true;
  for (const part of ['read', 'write'] as const) {
    for (const reference of referencesIn(target[part])) {
      try {
        await tools.secrets(reference);
      } catch (error) {
        notes.findings.push(`\`${part}\`: ${messageOf(error)}`);
        if (part === 'read') usable = false;
      }
    }
  }
  const same = target.write !== null && canonicalJson(target.read as Json) === canonicalJson(target.write as Json);
  if (same && Object.keys(target.read).length > 0)
    notes.findings.push('`read` and `write` are the same credential: give `read` one that may only read.');
  return usable;
}

function referencesIn(part: unknown): string[] {
  if (part === null || typeof part !== 'object') return [];
  const reference = secretReference.safeParse(part);
  if (reference.success) return [reference.data.secret];
  return Object.values(part).flatMap(referencesIn);
}

/** The outermost layer: the executor itself, asked to prepare each escape as a reading step. It sends nothing. */
function refusals(executor: Executor, target: TargetDefinition): Promise<Attempt[]> {
  return Promise.all(
    ESCAPES[target.executor].map(async (statement) => {
      const layer = 'statement' as const;
      try {
        await executor.prepare({ text: statement, values: {}, target, allowed: 'read' });
        return { statement, layers: [{ layer, outcome: 'open' as const, why: 'Warroom takes it for reading.' }] };
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        return { statement, layers: [{ layer, outcome: 'stopped' as const, why: error.message }] };
      }
    }),
  );
}

/** Whether the target answers to its read credential, by the shortest reading step there is. */
async function look(
  executor: Executor,
  target: TargetDefinition,
  { tools, notes }: { tools: Tools; notes: Notes },
): Promise<void> {
  const text = LOOKS[target.executor];
  // To run a script as a Job would be to make one: the cluster is asked for its rights alone.
  if (target.executor === 'sh' && target.options.job !== undefined) return;
  if (text === null || (target.executor === 'probe' && isIP(String(target.options.host)) !== 0)) return;
  let result: StatementResult;
  try {
    const namespaces = target.executor === 'kubectl' ? target.options.namespaces : undefined;
    const where = Array.isArray(namespaces) ? ` -n ${String(namespaces[0])}` : '';
    const statement = await executor.prepare({ text: text + where, values: {}, target, allowed: 'read' });
    result = await statement.run({ signal: tools.signal, timeoutMs: LOOK_MS, maxOutputBytes: 4_096 });
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    notes.findings.push(error.message);
    return;
  }
  const answered = result.status === 'ok' || typeof result.value.status === 'number';
  // Refused before or after the target was reached: the sentence says it.
  notes.reached = result.status === 'refused' ? null : answered;
  if (target.executor === 'http' && notes.reached) {
    if (result.value.status === 401)
      notes.findings.push('It answers 401 to the read credential: check the headers of `read`.');
    return;
  }
  notes.findings.push(...(result.warnings ?? []));
  if (result.status !== 'ok') notes.findings.push(result.error ?? `It answered with ${result.status}.`);
}

/** The layers below, where a language has some that can be asked without a risk. */
async function lookDeeper(target: TargetDefinition, tools: Tools, notes: Notes): Promise<DeeperLayers | null> {
  const secrets = new LoadedSecrets(tools.secrets);
  const signal = AbortSignal.any([tools.signal, AbortSignal.timeout(LOOK_MS)]);
  const use = { target, statements: ESCAPES[target.executor], secrets, signal, timeoutMs: LOOK_MS };
  try {
    const found = await askLayers(use, tools);
    return found && withoutSecrets(found, secrets);
  } catch (error) {
    if (notes.reached === false) return null;
    const reason = redact(messageOf(error), secrets.used);
    notes.findings.push(`Its own protection could not be looked at (${reason}): try again.`);
    return null;
  }
}

/** Servers repeat in their errors what they were sent. */
function withoutSecrets(found: DeeperLayers, { used }: LoadedSecrets): DeeperLayers {
  const clean = (text: string) => redact(text, used);
  const layers = [...found.layers].map(
    ([statement, results]) => [statement, results.map((one) => ({ ...one, why: clean(one.why) }))] as const,
  );
  return { ...found, findings: found.findings.map(clean), remarks: found.remarks.map(clean), layers: new Map(layers) };
}

async function askLayers(use: DeeperUse, tools: Tools): Promise<DeeperLayers | null> {
  const clock: Clock = tools.clock ?? systemClock;
  switch (use.target.executor) {
    case 'sql':
      return (await import('./sql/sql-escapes.ts')).tryPastParser({ ...use, embedded: tools.embedded });
    case 'redis':
      return (await import('./redis/redis-escapes.ts')).askAboutCommands(use);
    case 'kubectl':
      return (await import('./kubectl/kubectl-escapes.ts')).askAboutRights({
        ...use,
        clock,
        guard: tools.gates?.kubectl,
      });
    case 'docker':
      return (await import('./docker/docker-escapes.ts')).showToGate(use, tools.gates?.docker);
    case 'http':
      return HTTP;
    case 'sh':
      return beneathShell(use);
    default:
      return null;
  }
}

async function beneathShell(use: DeeperUse): Promise<DeeperLayers> {
  const jobs = await (await import('./sh/job/job-rights.ts')).askAboutJobs(use);
  return jobs === null ? SHELL : { ...jobs, remarks: [...SHELL.remarks, ...jobs.remarks] };
}

const nothing: ReadonlyMap<string, readonly LayerResult[]> = new Map();
/** A changing request is never sent: what a server makes of one cannot be known, not even for a path that it should not have. */
const HTTP: DeeperLayers = {
  findings: [],
  remarks: [
    'HTTP knows no dry run: what the read credential may change is known to the target alone; give it one that may only read.',
  ],
  layers: nothing,
};
const SHELL: DeeperLayers = {
  findings: [],
  remarks: [
    'Behind a shell there is no protocol that would enforce reading: the reviewed list of programs is the only layer.',
  ],
  layers: nothing,
};
