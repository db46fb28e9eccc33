import { z } from 'zod';

/** An object that names the keys it knows when it meets another. */
export function strict<T extends z.ZodRawShape>(shape: T): z.ZodObject<T, z.core.$strict> {
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `there is no setting “${issue.keys.join('”, “')}”; known are ${Object.keys(shape).join(', ')}.`
        : undefined,
  });
}

export const slackId = z
  .string()
  .regex(
    /^[UWS][A-Z0-9]{6,}$/u,
    'write a Slack id: U… or W… for a person, S… for a user group (profile → Copy member ID)',
  );
