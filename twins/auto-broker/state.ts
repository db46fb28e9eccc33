/** A condition that the twin can be put into. */
export type Scenario =
  | 'healthy'
  | 'franco-failing'
  | 'cache-down'
  | 'database-down'
  | 'hume-down'
  | 'sap-down'
  | 'dat-down'
  | 'chain-busy'
  | 'contract-failing'
  | 'vault-sealed'
  | 'carbon-down'
  | 'enclave-unattested'
  | 'paolo-stopped'
  | 'giulia-unsure';

/** What the endpoints report; the breakers live in Redis when there is one. */
export type AutoBrokerState = {
  db: 'connected' | 'disconnected';
  cache: 'ok' | 'slow';
  backlog: number;
  callsToday: number;
  hits: number;
  misses: number;
  /** Entries of the semantic cache that are older than anybody needs. */
  oldEntries: number;
  /** Breaker states of the scenario; where there is a Redis, its keys tell what they are now. */
  breakers: Record<string, string>;
  sap: 'ok' | 'down';
  dat: 'ok' | 'limited';
  /** Quotes that wait for SAP. */
  unapplied: number;
  pendingTransactions: number;
  gasGwei: number;
  contract: 'ok' | 'failing';
  /** What the wallet holds for gas, in POL. */
  walletPol: number;
  /** Carbon figures that could not be computed. */
  carbonMissing: number;
  /** Key shares that Vault was given since it was sealed. */
  vaultShares: readonly string[];
  /** True while the report of the enclaves is accepted. */
  attested: boolean;
  /** Failures in a row that PAOLO's breaker has counted; five open it. */
  paoloFailures: number;
  /** Shipments that were moved to another carrier by hand. */
  failovers: readonly string[];
  disputesWaiting: number;
  /** True after GIULIA was overridden. */
  humanOnly: boolean;
};

/** The breaker that RB-012 is about. */
export const FRANCO_BREAKER = 'franco_retell';

/** The key under which the API keeps a breaker. */
export function breakerKey(name: string): string {
  return `circuit_breaker:${name}`;
}

/** Rates of DAT iQ that the API has in its cache, by key. */
export const CACHED_RATES: Readonly<Record<string, string>> = {
  'dat_iq:rates:MIL-MUC': '1.42',
  'dat_iq:rates:ROM-PAR': '1.61',
  'dat_iq:rates:TRN-LYS': '1.18',
};

/** A fresh state. The failing backlog is above the limit of 100 by less than one default run of ten calls. */
export function stateOf(scenario: Scenario): AutoBrokerState {
  const failing = scenario === 'franco-failing';
  const cacheDown = scenario === 'cache-down';
  const opened = (when: Scenario) => (scenario === when ? 'open' : 'closed');
  return {
    db: scenario === 'database-down' ? 'disconnected' : 'connected',
    cache: cacheDown ? 'slow' : 'ok',
    backlog: failing ? 107 : 12,
    callsToday: failing ? 0 : 41,
    hits: cacheDown ? 0 : 930,
    // What the cache misses is asked of Hume, ten calls of its daily 10,000 each.
    misses: cacheDown ? 800 : scenario === 'hume-down' ? 1_000 : 70,
    oldEntries: 120,
    breakers: {
      [FRANCO_BREAKER]: opened('franco-failing'),
      hume_api: opened('hume-down'),
      sap_adapter: opened('sap-down'),
      dat_iq: opened('dat-down'),
    },
    sap: scenario === 'sap-down' ? 'down' : 'ok',
    dat: scenario === 'dat-down' ? 'limited' : 'ok',
    unapplied: scenario === 'sap-down' ? 37 : 0,
    pendingTransactions: scenario === 'chain-busy' ? 14 : 0,
    gasGwei: scenario === 'chain-busy' ? 420 : 35,
    contract: scenario === 'contract-failing' ? 'failing' : 'ok',
    walletPol: scenario === 'contract-failing' ? 0.2 : 25,
    carbonMissing: scenario === 'carbon-down' ? 52 : 0,
    vaultShares: scenario === 'vault-sealed' ? [] : ['share-1', 'share-2', 'share-3'],
    attested: scenario !== 'enclave-unattested',
    paoloFailures: scenario === 'paolo-stopped' ? 5 : 0,
    failovers: [],
    disputesWaiting: scenario === 'giulia-unsure' ? 41 : 2,
    humanOnly: false,
  };
}
