import { z } from 'zod';

const nullable = <T extends z.ZodType>(schema: T) =>
  z
    .array(schema)
    .nullish()
    .transform((list) => list ?? []);
/** What `/system/df` answers; a list that is empty may be null. */
export const diskUsage = z.looseObject({
  Images: nullable(
    z.looseObject({ Containers: z.number().nullish(), Size: z.number().nullish(), SharedSize: z.number().nullish() }),
  ),
  Containers: nullable(z.looseObject({ State: z.string().nullish(), SizeRw: z.number().nullish() })),
  Volumes: nullable(
    z.looseObject({
      UsageData: z.looseObject({ Size: z.number().nullish(), RefCount: z.number().nullish() }).nullish(),
    }),
  ),
  BuildCache: nullable(z.looseObject({ Size: z.number().nullish(), InUse: z.boolean().nullish() })),
});
