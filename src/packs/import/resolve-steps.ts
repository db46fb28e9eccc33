import { type Effect, strongest } from '../../domain/effect.ts';
import type { Language, Phase } from '../../domain/runbook.ts';
import { choosePhase, type PhaseMemory } from './choose-phase.ts';
import { markPlaceholders } from './native/find-placeholders.ts';
import type { NativeContext, NativeStep } from './native/native-step.ts';
import { renderShell } from './native/render-shell.ts';
import type { CommandPiece, Piece, UnknownPiece } from './piece.ts';

/** Languages whose texts can be classified by themselves. */
export type Classified = 'sh' | 'sql' | 'redis' | 'kubectl' | 'docker' | 'http' | 'promql';

/** What the importer needs from the layers around it: nothing here reaches a target. */
export type ImportTools = {
  readonly classify: (
    language: Classified,
    text: string,
  ) => Promise<{ readonly effect: Effect; readonly reasons: readonly string[] }>;
  /** What the loader will say of the text; null for a language that it takes at its word. */
  readonly analyse: (
    language: Language,
    text: string,
  ) => Promise<{ readonly effect: Effect } | null> | { readonly effect: Effect } | null;
  /** Null for a text that its own language does not take. */
  readonly toNative: (shellCommand: string, context: NativeContext) => Promise<NativeStep | null>;
};

/** A command as a step of a runbook. */
export type ImportedStep = CommandPiece & {
  readonly native: NativeStep;
  readonly effect: Effect;
  /** What the loader takes the step for; a shell step can be more than its commands. */
  readonly loaded: Effect;
  /** Where the step belongs by what it does. */
  readonly settledPhase: Phase;
};
export type ResolvedPiece = Exclude<Piece, CommandPiece> | ImportedStep;

/** Gives every command its executor, effect and phase. The effect is the strongest of all readings, never a weaker one. */
export async function resolveSteps(
  pieces: readonly Piece[],
  system: string,
  tools: ImportTools,
): Promise<ResolvedPiece[]> {
  const resolved: ResolvedPiece[] = [];
  const memory: PhaseMemory = { changedIn: new Set(), changedPhases: new Set() };
  for (const piece of pieces)
    resolved.push(piece.kind === 'command' ? await resolveStep(piece, system, tools, memory) : piece);
  return resolved;
}

/** Nobody can approve more characters than this with open eyes. */
const LONGEST = 20_000;

async function resolveStep(
  piece: CommandPiece,
  system: string,
  tools: ImportTools,
  memory: PhaseMemory,
): Promise<ImportedStep | UnknownPiece> {
  const native =
    piece.text.length > LONGEST
      ? null
      : await tools.toNative(piece.text, {
          system,
          title: piece.title,
          fenceLanguage: piece.language === 'sh' ? piece.fenceLanguage : piece.language,
        });
  if (native === null) {
    const { from, to, text, phase, option, group, mixed } = piece;
    return {
      kind: 'unknown',
      from,
      to,
      text,
      phase,
      option,
      group,
      mixed,
      reason: text.length > LONGEST ? 'it is longer than any command' : `this cannot be read as ${piece.language}`,
    };
  }
  const source = (await tools.classify(...asWritten(piece, native))).effect;
  const own = native.language === 'probe' ? 'read' : (await tools.classify(native.language, native.text)).effect;
  const effect = strongest(source, own);
  const loaded = strongest(effect, (await tools.analyse(native.language, native.text))?.effect ?? 'read');
  return { ...piece, native, effect, loaded, settledPhase: choosePhase(piece, loaded, memory) };
}

/**
 * The source's own text with values where it names them: `<pod>` is one, and read as it stands it would be two redirections. A text in
 * its executor's own language differs from the step by nothing else.
 */
function asWritten(piece: CommandPiece, native: NativeStep): [Classified, string] {
  if (piece.language !== 'sh' && piece.language === native.language) return [native.language, native.text];
  const text = ranByNative(piece, native);
  return [piece.language, piece.language === 'sh' ? renderShell(markPlaceholders(text, 'sh')).text : text];
}

/**
 * What is executed in a container is a change whatever it is. A statement that leaves its wrapper (`kubectl exec … psql -c`)
 * is carried out by its own executor, without the container: then the client's call is what has to be judged.
 */
function ranByNative({ text, language }: CommandPiece, native: NativeStep): string {
  if (language !== 'sh' || (native.language !== 'sql' && native.language !== 'redis')) return text;
  return (
    /^(?:sudo\s+)?(?:docker|docker-compose|podman|kubectl|oc)\s[^|;&]*?\bexec\s[^|;&]*?\s((?:psql|redis-cli)\s[\s\S]*)$/u.exec(
      text,
    )?.[1] ?? text
  );
}
