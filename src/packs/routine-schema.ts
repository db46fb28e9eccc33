import { z } from 'zod';
import type { Checklist, Metric, Threshold } from '../domain/routine.ts';
import { THRESHOLD_LEVELS, THRESHOLD_OPERATORS } from '../domain/routine.ts';
import { duration } from './front-matter.ts';

const text = z.string().trim().min(1, 'it is empty');
const id = z.string().regex(/^[a-z][a-z0-9_-]{0,62}$/u, 'use a-z, 0-9, _ and -, starting with a letter');

const stepReference = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9-]*#[a-z][a-z0-9_]*$/u, 'write the runbook and the step, like RB-012#stats');

/** A list that people go through at a rhythm. */
export const checklist = z
  .strictObject({
    id,
    title: text,
    every: z.enum(['day', 'week', 'month']).optional(),
    at: z
      .string()
      .regex(/^([01]\d|2[0-3]):[0-5]\d$/u, 'write the time as "09:00"')
      .optional(),
    timezone: text.optional(),
    items: z.array(z.strictObject({ id, title: text, step: stepReference.optional() })).min(1),
  })
  .superRefine((list, context) => {
    const seen = new Set<string>();
    list.items.forEach((item, index) => {
      if (seen.has(item.id))
        context.addIssue({ code: 'custom', path: ['items', index, 'id'], message: `"${item.id}" occurs twice` });
      seen.add(item.id);
    });
  });

/** A limit that somebody or something has to watch. */
export const threshold = z
  .strictObject({
    id,
    level: z.enum(THRESHOLD_LEVELS),
    text,
    metric: text.optional(),
    op: z.enum(THRESHOLD_OPERATORS).optional(),
    value: z.number().optional(),
    unit: text.optional(),
    for: duration.optional(),
    ideal: z.number().optional(),
    runbook: text.optional(),
  })
  .superRefine((item, context) => {
    const compares = item.op !== undefined && item.op !== 'rising';
    if (compares !== (item.value !== undefined))
      context.addIssue({ code: 'custom', path: ['value'], message: '"op" and "value" go together' });
    if (item.op !== undefined && item.metric === undefined)
      context.addIssue({ code: 'custom', path: ['metric'], message: '"op" needs the metric that it compares' });
  });

/** A figure that is worth looking at. */
export const metric = z.strictObject({ id, title: text, query: text.optional(), step: stepReference.optional() });

/** Checklists as the rest of the product works with them. */
export function readChecklists(items: readonly z.output<typeof checklist>[]): Checklist[] {
  return items.map((item) => ({
    id: item.id,
    title: item.title,
    every: item.every ?? null,
    at: item.at ?? null,
    timezone: item.timezone ?? null,
    items: item.items.map((one) => ({ id: one.id, title: one.title, step: one.step ?? null })),
  }));
}

/** Thresholds as the rest of the product works with them; durations in milliseconds. */
export function readThresholds(items: readonly z.output<typeof threshold>[]): Threshold[] {
  return items.map((item) => ({
    id: item.id,
    level: item.level,
    text: item.text,
    metric: item.metric ?? null,
    op: item.op ?? null,
    value: item.value ?? null,
    unit: item.unit ?? null,
    forMs: item.for ?? null,
    ideal: item.ideal ?? null,
    runbook: item.runbook ?? null,
  }));
}

/** Metrics as the rest of the product works with them. */
export function readMetrics(items: readonly z.output<typeof metric>[]): Metric[] {
  return items.map(({ id: metricId, title, query, step }) => ({
    id: metricId,
    title,
    query: query ?? null,
    step: step ?? null,
  }));
}
