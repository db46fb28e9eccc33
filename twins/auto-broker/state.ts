/** A condition that the twin can be put into. */
export type Scenario = 'healthy' | 'franco-failing' | 'cache-down' | 'database-down';

/** What the endpoints report; the breaker of FRANCO lives in Redis when there is one. */
export type AutoBrokerState = {
  db: 'connected' | 'disconnected';
  cache: 'ok' | 'slow';
  backlog: number;
  callsToday: number;
  hits: number;
  misses: number;
  /** Breaker states that are kept here: all of them, or all but FRANCO's when Redis holds that one. */
  breakers: Record<string, 'open' | 'closed' | 'half-open'>;
};

/** The breaker that RB-012 is about, and the key under which the API keeps it. */
export const FRANCO_BREAKER = 'franco_retell';
export const FRANCO_BREAKER_KEY = `circuit_breaker:${FRANCO_BREAKER}`;

/** A fresh state. The failing backlog is above the limit of 100 by less than one default run of ten calls. */
export function stateOf(scenario: Scenario): AutoBrokerState {
  const failing = scenario === 'franco-failing';
  const cacheDown = scenario === 'cache-down';
  return {
    db: scenario === 'database-down' ? 'disconnected' : 'connected',
    cache: cacheDown ? 'slow' : 'ok',
    backlog: failing ? 107 : 12,
    callsToday: failing ? 0 : 41,
    hits: cacheDown ? 0 : 930,
    misses: cacheDown ? 800 : 70,
    breakers: {
      [FRANCO_BREAKER]: failing ? 'open' : 'closed',
      hume_api: 'closed',
      sap_adapter: 'closed',
      dat_iq: 'closed',
    },
  };
}
