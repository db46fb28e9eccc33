import { type DockerCommand, readDockerCommand } from './docker-command.ts';
import { classifyShell } from './shell/shell-effect.ts';
import { READS, type StatementEffect } from './statement-effect.ts';

/**
 * What a docker or docker compose command does. What runs inside of a container is never a read, and as destructive as the command
 * itself. Throws UserError `statement_invalid` for what is not understood.
 */
export async function dockerEffect(words: readonly string[]): Promise<StatementEffect> {
  return await effectOfDocker(readDockerCommand(words));
}

/** The same for a command that was read already. */
export async function effectOfDocker(command: DockerCommand): Promise<StatementEffect> {
  const shown = `docker ${command.verb}`;
  if (command.effect === 'read') return READS;
  if (command.effect === 'destructive')
    return { effect: 'destructive', reasons: [`${shown} removes things for good.`] };
  if (command.inner.length === 0) return { effect: 'change', reasons: [`${shown} changes what runs.`] };
  const inner = await classifyShell(command.inner.map(quoted).join(' '));
  if (inner.effect === 'destructive') return inner;
  return {
    effect: 'change',
    reasons: [`${shown} runs a program inside of a container, which nobody can hold to reading.`],
  };
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
