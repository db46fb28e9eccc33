import type { Language } from '../domain/runbook.ts';

/** What an expression may name besides a step's own result. */
export const COMMON_NAMES: readonly string[] = ['steps', 'params', 'alert'];

/** The fields of a result, by executor; null where the executor does not exist yet and nothing can be promised. */
export const RESULT_FIELDS: Readonly<Record<Language, readonly string[] | null>> = {
  // `text` behind a filter
  http: ['status', 'headers', 'body', 'duration_ms', 'text'],
  sql: ['rows', 'row_count', 'columns'],
  redis: ['value'],
  sh: ['exit_code', 'stdout', 'stderr'],
  kubectl: [
    // get, describe, events
    ...['items', 'count', 'names', 'columns', 'rows', 'events'],
    // logs
    ...['lines', 'text'],
    // rollout status, rollout history, rollout undo, scale, delete, wait
    ...['ready', 'desired', 'updated', 'complete', 'message'],
    ...['revisions', 'template', 'revision', 'replicas', 'previous', 'gone'],
    // exec, cp
    ...['exit_code', 'stdout', 'stderr', 'path', 'bytes', 'sha256'],
    // diff
    'differs',
  ],
  docker: ['rows', 'row_count', 'stdout', 'stderr', 'line_count', 'exit_code'],
  promql: ['result_type', 'series', 'count', 'value', 'min', 'avg', 'max', 'last'],
  probe: [
    ...['host', 'address', 'duration_ms'],
    ...['name', 'records', 'addresses', 'resolver'],
    ...['port', 'open', 'connect_ms'],
    ...[
      'days_left',
      'valid_from',
      'valid_to',
      'subject',
      'issuer',
      'names',
      'name_matches',
      'trusted',
      'chain',
      'protocol',
      'cipher',
    ],
    'problems',
    ...['sent', 'received', 'loss', 'rtt_ms'],
  ],
};

/** Names that a named expression cannot have. */
export const RESERVED_NAMES: readonly string[] = [
  ...COMMON_NAMES,
  ...Object.values(RESULT_FIELDS).flatMap((fields) => fields ?? []),
];
