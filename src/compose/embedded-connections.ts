import type { Config } from '../config/read-config.ts';
import type { Connection } from '../db/pool.ts';
import type { EmbeddedConnections } from '../executors/sql/sql-target.ts';

/** Warroom's own database as its two roles: reading steps never have the owner's connection. */
export function embeddedConnections(
  connection: Connection,
  config: Pick<Config, 'databaseReadUrl'>,
): EmbeddedConnections {
  if ('connectionString' in connection) {
    const read = config.databaseReadUrl?.reveal() ?? withUser(connection.connectionString, 'warroom_read');
    return { read: { connectionString: read }, write: connection };
  }
  return { read: { ...connection, user: 'warroom_read' }, write: connection };
}

function withUser(url: string, user: string): string {
  const parsed = new URL(url);
  parsed.username = user;
  parsed.password = '';
  return parsed.toString();
}
