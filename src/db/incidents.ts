import type { Incident, Progress, Room } from '../domain/incident.ts';
import type { Rank, Severity } from '../domain/system.ts';
import type { Tx } from './transaction.ts';

type IncidentRow = {
  number: number;
  title: string;
  system: string;
  severity: string;
  rank: Rank;
  status: Incident['status'];
  impact: string;
  customer_impact_since: Date | null;
  runbook: string | null;
  declared_by: string;
  declared_at: Date;
  acknowledged_by: string | null;
  acknowledged_at: Date | null;
  commander: string | null;
  assessed_at: Date | null;
  mitigated_at: Date | null;
  resolved_by: string | null;
  resolved_at: Date | null;
  summary: string | null;
  war_room: Severity['warRoom'];
  room_channel: string | null;
  room_thread: string | null;
  private: boolean;
};

function toIncident(row: IncidentRow): Incident {
  return {
    number: row.number,
    title: row.title,
    system: row.system,
    severity: row.severity,
    rank: row.rank,
    status: row.status,
    impact: row.impact,
    customerImpactSince: row.customer_impact_since,
    runbook: row.runbook,
    declaredBy: row.declared_by,
    declaredAt: row.declared_at,
    acknowledgedBy: row.acknowledged_by,
    acknowledgedAt: row.acknowledged_at,
    commander: row.commander,
    resolvedBy: row.resolved_by,
    resolvedAt: row.resolved_at,
    summary: row.summary,
    warRoom: row.war_room,
    private: row.private,
    room: row.room_channel === null ? null : { channel: row.room_channel, thread: row.room_thread },
  };
}

export type NewIncident = Pick<
  Incident,
  'title' | 'system' | 'severity' | 'rank' | 'impact' | 'runbook' | 'declaredBy' | 'warRoom' | 'private'
> & { readonly requestKey: string; readonly customerImpact: boolean };

/** Inserts an incident; null when the same request has already declared one (a double submission). */
export async function insertIncident(tx: Tx, incident: NewIncident): Promise<Incident | null> {
  const rows = await tx.query<IncidentRow>(
    `insert into incidents (request_key, title, system, severity, rank, impact, runbook, declared_by, war_room, customer_impact_since,
       private)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, case when $10::boolean then now() end, $11)
     on conflict (request_key) do nothing returning *`,
    [
      incident.requestKey,
      incident.title,
      incident.system,
      incident.severity,
      incident.rank,
      incident.impact,
      incident.runbook,
      incident.declaredBy,
      incident.warRoom,
      incident.customerImpact,
      incident.private,
    ],
  );
  return rows[0] ? toIncident(rows[0]) : null;
}

/** The incident that a request has declared, or null. */
export async function findIncidentByRequest(tx: Tx, requestKey: string): Promise<Incident | null> {
  const rows = await tx.query<IncidentRow>('select * from incidents where request_key = $1', [requestKey]);
  return rows[0] ? toIncident(rows[0]) : null;
}

/** The incident with that number, or null. */
export async function findIncident(tx: Tx, number: number): Promise<Incident | null> {
  const rows = await tx.query<IncidentRow>('select * from incidents where number = $1', [number]);
  return rows[0] ? toIncident(rows[0]) : null;
}

/** The same, locked until the transaction ends, so that two changes of one incident follow each other. */
export async function lockIncident(tx: Tx, number: number): Promise<Incident | null> {
  const rows = await tx.query<IncidentRow>('select * from incidents where number = $1 for update', [number]);
  return rows[0] ? toIncident(rows[0]) : null;
}

/** The incident whose own channel this is, or null; the hub belongs to no incident. */
export async function findIncidentByChannel(tx: Tx, channel: string): Promise<Incident | null> {
  const rows = await tx.query<IncidentRow>(
    'select * from incidents where room_channel = $1 and room_thread is null order by number desc limit 1',
    [channel],
  );
  return rows[0] ? toIncident(rows[0]) : null;
}

/** Open incidents, worst first, then oldest first. */
export async function listOpenIncidents(tx: Tx, limit = 100): Promise<Incident[]> {
  const rows = await tx.query<IncidentRow>(
    `select * from incidents where status = 'open' order by rank, number limit $1`,
    [limit],
  );
  return rows.map(toIncident);
}

/** Numbers of all open incidents of a system, however many, oldest first. */
export async function listOpenNumbers(tx: Tx, system: string): Promise<number[]> {
  const rows = await tx.query<{ number: number }>(
    `select number from incidents where status = 'open' and system = $1 order by number`,
    [system],
  );
  return rows.map((row) => row.number);
}

/** How many incidents of a system are open at each severity level. */
export async function countOpenBySeverity(tx: Tx, system: string): Promise<Record<string, number>> {
  const rows = await tx.query<{ severity: string; count: number }>(
    `select severity, count(*)::int as count from incidents where status = 'open' and system = $1 group by severity`,
    [system],
  );
  return Object.fromEntries(rows.map((row) => [row.severity, row.count]));
}

/** Records the first acknowledgement; later ones change nothing. True when this one was the first. */
export async function acknowledgeIncident(tx: Tx, number: number, person: string): Promise<boolean> {
  const rows = await tx.query(
    `update incidents set acknowledged_by = $2, acknowledged_at = now()
     where number = $1 and acknowledged_at is null and status = 'open' returning number`,
    [number, person],
  );
  return rows.length > 0;
}

export async function updateCommander(tx: Tx, number: number, person: string): Promise<void> {
  await tx.query('update incidents set commander = $2 where number = $1', [number, person]);
}

export async function updateSeverity(tx: Tx, number: number, severity: Severity): Promise<void> {
  await tx.query('update incidents set severity = $2, rank = $3, war_room = $4 where number = $1', [
    number,
    severity.level,
    severity.rank,
    severity.warRoom,
  ]);
}

export async function updateRoom(tx: Tx, number: number, room: Room): Promise<void> {
  await tx.query('update incidents set room_channel = $2, room_thread = $3 where number = $1', [
    number,
    room.channel,
    room.thread,
  ]);
}

/** Marks the incident as assessed (somebody classified it) or mitigated (a changing step helped), the first time only. */
export async function markProgress(tx: Tx, number: number, fact: 'assessed' | 'mitigated'): Promise<void> {
  const column = fact === 'assessed' ? 'assessed_at' : 'mitigated_at';
  await tx.query(`update incidents set ${column} = coalesce(${column}, now()) where number = $1`, [number]);
}

/** The facts that settle milestones by themselves. */
export async function readProgress(tx: Tx, number: number): Promise<Progress> {
  const rows = await tx.query<{ assessed: boolean; mitigated: boolean; updated: boolean }>(
    `select assessed_at is not null as assessed, mitigated_at is not null as mitigated,
            exists (select 1 from updates where incident = number) as updated
     from incidents where number = $1`,
    [number],
  );
  const row = rows[0];
  return {
    assessed: row?.assessed ?? false,
    mitigated: row?.mitigated ?? false,
    stakeholdersUpdated: row?.updated ?? false,
  };
}

export async function resolveIncident(tx: Tx, number: number, person: string, summary: string): Promise<void> {
  await tx.query(
    `update incidents set status = 'resolved', resolved_by = $2, resolved_at = now(), summary = $3 where number = $1`,
    [number, person, summary],
  );
}

export type Update = { readonly id: number; readonly author: string; readonly text: string; readonly at: Date };

export async function insertUpdate(tx: Tx, incident: number, author: string, text: string): Promise<number> {
  const rows = await tx.query<{ id: number }>(
    'insert into updates (incident, author, text) values ($1, $2, $3) returning id',
    [incident, author, text],
  );
  return rows[0]?.id ?? 0;
}

/** Updates of an incident, newest first. */
export async function listUpdates(tx: Tx, incident: number): Promise<Update[]> {
  return tx.query<Update>('select id, author, text, at from updates where incident = $1 order by id desc', [incident]);
}
