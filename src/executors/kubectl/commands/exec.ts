import { optionOf } from '../../../analysis/kubectl-arguments.ts';
import { UserError } from '../../../lib/errors.ts';
import { type Command, CommandFailure, namespaceOf } from '../command.ts';
import { execInPod } from '../kube-exec.ts';
import { podsOf } from './pods-of.ts';

const MAX_OUTPUT_BYTES = 4 * 1024 * 1024;

/** `exec POD -- COMMAND`: argv as it stands, no terminal, no input. Value: `{exit_code, stdout, stderr}`. */
export const exec: Command = async (context) => {
  const { call, session } = context;
  if (call.rest.length === 0)
    throw new UserError('statement_invalid', 'Write the command behind `--`: exec web-1 -- date.');
  const { chosen } = await podsOf(context, call.operands[0] ?? '');
  const result = await execInPod(session, {
    namespace: namespaceOf(context),
    pod: chosen.metadata?.name ?? '',
    container: optionOf(call, 'container'),
    argv: call.rest,
    maxBytes: MAX_OUTPUT_BYTES,
  });
  const [stdout, stderr] = [result.stdout.toString('utf8'), result.stderr.toString('utf8')];
  if (stdout !== '') context.print(stdout);
  if (stderr !== '') context.print(stderr);
  if (result.dropped > 0) context.warn(`${result.dropped} bytes of output were dropped: let the command print less.`);
  const value = { exit_code: result.exitCode, stdout, stderr };
  if (result.exitCode === 0) return value;
  throw new CommandFailure(
    `The command ended with exit code ${result.exitCode} in pod/${chosen.metadata?.name}: look at its output.`,
    value,
  );
};
