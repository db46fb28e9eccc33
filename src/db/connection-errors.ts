/** SQLSTATEs and system codes of a server that goes, comes, or is not there. */
const CODES = new Set([
  '57P01', // admin_shutdown
  '57P02', // crash_shutdown
  '57P03', // cannot_connect_now
  '08000',
  '08003',
  '08006',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENOENT', // the Unix socket of a server that is not running
  'EPIPE',
  'ETIMEDOUT',
]);

/** node-postgres gives these no code. */
const MESSAGES =
  /^(Connection terminated|Client has encountered a connection error|Client was closed|timeout exceeded when trying to connect|timeout expired)/u;

/** Whether the connection failed rather than the statement: what was sent last may or may not have happened. */
export function isConnectionLost(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return ('code' in error && typeof error.code === 'string' && CODES.has(error.code)) || MESSAGES.test(error.message);
}
