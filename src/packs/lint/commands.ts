import { outlineShell, type ShellCall } from '../../analysis/shell/commands.ts';
import type { ExecutableStep } from '../../domain/runbook.ts';
import type { Problem } from '../problems.ts';
import { interactiveFix } from './interactive.ts';
import { placeInStep, type RunbookFile, runbookProblem } from './runbook-file.ts';
import { unboundedFix } from './unbounded.ts';

const PROGRAMS = { kubectl: /^(?:kubectl|oc)\s/u, docker: /^(?:docker|docker-compose|podman)\s/u } as const;

/** What is wrong with the way in which the commands of a step run: they never end, or they wait for a keyboard. */
export async function checkCommands(file: RunbookFile, step: ExecutableStep): Promise<Problem[]> {
  if (step.language !== 'sh' && step.language !== 'kubectl' && step.language !== 'docker') return [];
  const { text, shift } = asShell(step.language, step.text);
  const { calls, endless } = await outlineShell(text);
  const report = (rule: 'unbounded-output' | 'interactive-command', offset: number, message: string, fix: string) =>
    runbookProblem(file, rule, placeInStep(file, step, step.text, Math.max(0, offset - shift)), {
      message: `#${step.id}: ${message}`,
      fix,
    });
  const problems: Problem[] = [];
  for (const call of await withInner(calls)) {
    const shown = call.words.slice(0, 4).join(' ');
    const typed = interactiveFix(call.words, call.hasInput);
    if (typed !== null)
      problems.push(report('interactive-command', call.offset, `"${shown}" waits for a person`, typed));
    else if (!call.isBounded && step.poll === null) {
      const fix = unboundedFix(call.words);
      if (fix !== null) problems.push(report('unbounded-output', call.offset, `"${shown}" never ends by itself`, fix));
    }
  }
  if (step.poll === null)
    for (const offset of endless)
      problems.push(
        report('unbounded-output', offset, 'the loop never ends', 'Write one pass of it, with poll="30s for 15m".'),
      );
  return problems;
}

/** Fences of `kubectl` and `docker` hold one call; the name of the program may be left out. */
function asShell(language: 'sh' | 'kubectl' | 'docker', text: string): { text: string; shift: number } {
  if (language === 'sh' || PROGRAMS[language].test(text.trimStart())) return { text, shift: 0 };
  return { text: `${language} ${text}`, shift: language.length + 1 };
}

/** The calls and what they start inside of a container, on another host or in another shell. */
async function withInner(calls: readonly ShellCall[], depth = 0): Promise<ShellCall[]> {
  const all: ShellCall[] = [];
  for (const call of calls) {
    all.push(call);
    const inner = depth < 3 ? innerText(call.words) : null;
    if (inner === null) continue;
    const outline = await outlineShell(inner);
    const found = outline.calls.map((each) => ({
      ...each,
      offset: call.offset,
      isBounded: each.isBounded || call.isBounded,
      // A shell that is opened in a container without a terminal ends at once; `-it` is the fault then, told already.
      hasInput: true,
    }));
    all.push(...(await withInner(found, depth + 1)));
  }
  return all;
}

const EXEC_VALUED = /^(?:-[uewcnl]|--(?:user|env|workdir|container|namespace|index|env-file|context|kubeconfig))$/u;

function innerText(words: readonly string[]): string | null {
  const [program = ''] = words;
  if (/^(?:ba|da|z)?sh$/u.test(program)) {
    const at = words.findIndex((word) => /^-\w*c$/u.test(word));
    return at < 1 ? null : (words[at + 1] ?? null);
  }
  const isExec = /^(?:docker|docker-compose|podman|kubectl|oc)$/u.test(program) && words.includes('exec');
  if (!isExec && program !== 'ssh') return null;
  const from = isExec ? words.indexOf('exec') + 1 : 1;
  const dashes = words.indexOf('--', from);
  if (dashes > 0) return words.slice(dashes + 1).join(' ');
  const valued = isExec ? EXEC_VALUED : /^-[BbcDEeFIiJLlmOopQRSWw]$/u;
  for (let at = from; at < words.length; at += 1) {
    const word = words[at] ?? '';
    if (valued.test(word)) at += 1;
    // The first operand is the container or the host.
    else if (!word.startsWith('-')) return words.slice(at + 1).join(' ') || null;
  }
  return null;
}
