import { timingSafeEqual } from 'node:crypto';
import { fieldOf } from '../support/http-twin.ts';
import { type Asked, type Reply, type Route, type World, wholeNumber } from './route.ts';

/** Key shares that the twin's Vault was sealed with; three of them open it. They guard nothing. */
export const VAULT_SHARES: readonly string[] = ['share-1', 'share-2', 'share-3', 'share-4', 'share-5'];
const VAULT_THRESHOLD = 3;

const UNAUTHORISED: Reply = { status: 401, body: { error: 'the key or token of this service is needed' } };

/** What other systems answer, and what the maintenance scripts ask: all of it below one address. */
export const OUTSIDE_READS: Readonly<Record<string, Route>> = {
  // Vault
  '/v1/sys/seal-status': ({ state }) => ({ status: 200, body: sealStatus(state.vaultShares) }),
  '/v1/secret/data/erp/sap': (world, asked) => {
    if (!carries(world, asked.headers['x-vault-token']))
      return { status: 403, body: { errors: ['permission denied'] } };
    if (isSealed(world.state.vaultShares)) return { status: 503, body: { errors: ['Vault is sealed'] } };
    return { status: 200, body: { data: { data: { user: 'auto-broker', password: 'not-a-password' }, metadata: {} } } };
  },
  // DAT iQ
  '/rates/health': (world, asked) => {
    if (!carries(world, bearerOf(asked))) return UNAUTHORISED;
    return world.state.dat === 'ok'
      ? { status: 200, body: { status: 'ok', subscription: 'active' } }
      : { status: 429, body: { status: 'limited', subscription: 'active' } };
  },
  // Ollama
  '/api/tags': () => ({ status: 200, body: { models: [{ name: 'llama3.1:8b' }] } }),
  // What the scripts look at
  '/erp/sap': ({ state }) => ({ status: 200, body: { reachable: state.sap === 'ok', waiting: state.unapplied } }),
  '/chain/pending': ({ state }) => ({
    status: 200,
    body: { pending: state.pendingTransactions, gas_gwei: state.gasGwei },
  }),
  '/chain/contract': ({ state }) => ({ status: 200, body: { healthy: state.contract === 'ok' } }),
  '/chain/wallet': ({ state }) => ({
    status: 200,
    body: { balance_pol: state.walletPol, enough: state.walletPol >= 1 },
  }),
};

/** These need the token of the API. */
export const OUTSIDE_CHANGES: Readonly<Record<string, Route>> = {
  '/erp/sap/replay': ({ state }) => {
    if (state.sap !== 'ok') return { status: 503, body: { error: 'SAP cannot be reached', waiting: state.unapplied } };
    const replayed = state.unapplied;
    state.unapplied = 0;
    return { status: 200, body: { replayed, waiting: 0 } };
  },
  '/chain/resubmit': ({ state }, { body }) => {
    const percent = wholeNumber(body, 'increase_gas');
    if (percent === null) return { status: 400, body: { error: 'increase_gas must be a number of percent' } };
    const resubmitted = state.pendingTransactions;
    state.pendingTransactions = 0;
    state.gasGwei = Math.round(state.gasGwei * (1 + percent / 100));
    return { status: 200, body: { resubmitted, gas_gwei: state.gasGwei } };
  },
  '/carbon/recalculate': ({ state }, { body }) => {
    if (typeof fieldOf(body, 'date_from') !== 'string') return { status: 400, body: { error: 'date_from is missing' } };
    const recalculated = state.carbonMissing;
    state.carbonMissing = 0;
    return { status: 200, body: { recalculated } };
  },
  '/cache/clear-old': ({ state }, { body }) => {
    if (wholeNumber(body, 'days') === null) return { status: 400, body: { error: 'days must be a whole number' } };
    const cleared = state.oldEntries;
    state.oldEntries = 0;
    return { status: 200, body: { cleared } };
  },
};

/** These have their own way to say who asks. */
export const OUTSIDE_OPEN_CHANGES: Readonly<Record<string, Route>> = {
  '/v1/sys/unseal': ({ state }, { body }) => {
    const share = fieldOf(body, 'key');
    if (typeof share !== 'string' || !VAULT_SHARES.includes(share))
      return { status: 400, body: { errors: ['invalid key share'] } };
    if (isSealed(state.vaultShares)) state.vaultShares = [...new Set([...state.vaultShares, share])];
    return { status: 200, body: sealStatus(state.vaultShares) };
  },
  '/v0/batch/jobs': async (world, asked) => {
    if (!carries(world, asked.headers['x-hume-api-key'])) return UNAUTHORISED;
    if ((await world.breakers.read('hume_api')) === 'open')
      return { status: 429, body: { message: 'the quota is used up' } };
    return { status: 200, body: { job_id: 'twin-job' } };
  },
};

function isSealed(shares: readonly string[]): boolean {
  return shares.length < VAULT_THRESHOLD;
}

function sealStatus(shares: readonly string[]) {
  const sealed = isSealed(shares);
  return {
    type: 'shamir',
    initialized: true,
    sealed,
    t: VAULT_THRESHOLD,
    n: VAULT_SHARES.length,
    progress: sealed ? shares.length : 0,
  };
}

function bearerOf({ headers }: Asked): string | undefined {
  return headers.authorization?.replace(/^Bearer /u, '');
}

function carries({ token }: World, given: string | string[] | undefined): boolean {
  const [theirs, ours] = [Buffer.from(String(given ?? '')), Buffer.from(token)];
  return theirs.length === ours.length && timingSafeEqual(theirs, ours);
}
