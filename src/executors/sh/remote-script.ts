import { MARKER } from './marked-processes.ts';
import { limitsScript, type ResourceLimits } from './resource-limits.ts';

/** What a script is sent with to another machine. */
export type RemoteScript = {
  readonly token: string;
  readonly script: string;
  readonly shell: string;
  /** Null: in the folder that is made for the run. */
  readonly cwd: string | null;
  readonly environment: Readonly<Record<string, string>>;
  readonly limits: ResourceLimits;
};

/** The folder that a run has on the other machine. */
export function remoteFolder(token: string): string {
  return `/tmp/warroom-step-${token}`;
}

/**
 * The command of the channel: makes the folder (fails when it exists), takes the launcher from its input and becomes it, with an empty
 * environment. No value and no secret stands in it, because everybody on that machine can read command lines.
 */
export function remoteCommand(token: string): string {
  const folder = remoteFolder(token);
  return `exec /bin/sh -c 'umask 077; mkdir ${folder} && cd ${folder} && cat >launch.sh && exec env -i /bin/sh ./launch.sh'`;
}

/** The launcher: writes the script down, sets environment and limits, notes its process group and becomes the script. */
export function launcher(work: RemoteScript): string {
  const folder = remoteFolder(work.token);
  const variables = Object.entries({ ...work.environment, [MARKER]: work.token });
  return [
    `printf '%s\\n' ${quoted(work.script)} >step.sh`,
    'rm -f launch.sh',
    'echo $$ >group',
    ...variables.map(([name, value]) => `export ${name}=${quoted(value)}`),
    `cd ${quoted(work.cwd ?? folder)} || { echo 'the folder of the target is not there' >&2; exit 126; }`,
    limitsScript(work.limits),
    `exec ${work.shell} ${folder}/step.sh </dev/null`,
    '',
  ].join('\n');
}

/** What is done with everything that a script started. */
export type RemoteCleanup =
  /** A polite request, to the group and to what left it. */
  | 'ask'
  /** The end of all of it, and of the folder. */
  | 'end'
  /** The end of what the group left behind, and of the folder; a session of its own may go on. */
  | 'tidy';

/**
 * Reads as input of `/bin/sh`. The group is the one that the launcher noted, provided that its members still carry the marker or the
 * folder still exists; what left the group is found by the marker in /proc. Prints `done` when it got to its end.
 */
export function cleanupScript(token: string, how: RemoteCleanup): string {
  const folder = remoteFolder(token);
  const signal = how === 'ask' ? 'TERM' : 'KILL';
  return [
    'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin; export PATH',
    `group=$(cat ${folder}/group 2>/dev/null) && kill -s ${signal} -- "-$group" 2>/dev/null`,
    ...(how === 'tidy'
      ? []
      : [
          'for round in 1 2 3; do',
          `  found=$(grep -lF '${MARKER}=${token}' /proc/[0-9]*/environ 2>/dev/null)`,
          '  [ -n "$found" ] || break',
          '  for place in $found; do',
          '    place=${place#/proc/}',
          `    kill -${signal} "\${place%/environ}" 2>/dev/null`,
          '  done',
          'done',
        ]),
    ...(how === 'ask' ? [] : [`rm -rf ${folder}`]),
    'echo done',
    '',
  ].join('\n');
}

/** One word of POSIX shell, whatever the text holds. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
