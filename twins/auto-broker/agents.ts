import { fieldOf } from '../support/http-twin.ts';
import type { Route } from './route.ts';
import type { AutoBrokerState } from './state.ts';

/** Share of disputes in percent above which GIULIA is not of much use. */
const UNSURE_PERCENT = 34;

/** What the enclaves and the agents PAOLO and GIULIA report. */
export const AGENT_READS: Readonly<Record<string, Route>> = {
  '/health/enclave': ({ state }) => ({
    status: 200,
    body: { mode: 'simulation', attestation_valid: state.attested, provisioned: state.attested },
  }),
  '/self-healing/status': ({ state }) => ({
    status: 200,
    body: {
      agents: {
        paolo: {
          circuit_breaker: state.paoloFailures >= 5 ? 'open' : 'closed',
          circuit_breaker_failures: state.paoloFailures,
          failovers: state.failovers.length,
        },
        giulia: { mode: state.humanOnly ? 'human-only' : 'automatic' },
      },
      metrics: { human_escalation_rate_percent: escalationRate(state) },
    },
  }),
  '/self-healing/disputes': ({ state }) => ({
    status: 200,
    body: {
      disputes: Array.from({ length: state.disputesWaiting }, (_, index) => ({
        id: `D-${index + 1}`,
        human_approval_required: true,
      })),
    },
  }),
};

/** These need the token of the API, or that of an administrator, which is the same here. */
export const AGENT_CHANGES: Readonly<Record<string, Route>> = {
  '/admin/enclave/re-attest': ({ state }) => {
    state.attested = true;
    return { status: 200, body: { attestation_valid: true } };
  },
  '/admin/resume-paolo': ({ state }) => {
    state.paoloFailures = 0;
    return { status: 200, body: { circuit_breaker: 'closed' } };
  },
  '/admin/override-giulia': ({ state }) => {
    state.humanOnly = true;
    return { status: 200, body: { mode: 'human-only' } };
  },
  '/self-healing/failover/execute': ({ state }, { body }) => {
    const shipment = fieldOf(body, 'shipment_id');
    if (typeof shipment !== 'string') return { status: 400, body: { error: 'shipment_id is missing' } };
    state.failovers = [...state.failovers, shipment];
    return { status: 200, body: { shipment_id: shipment, carrier: 'the next best' } };
  },
};

/** A node of Polygon, which asks nobody who they are. */
export const CHAIN_OPEN_CHANGES: Readonly<Record<string, Route>> = {
  '/': ({ state }, { body }) =>
    fieldOf(body, 'method') === 'eth_gasPrice'
      ? { status: 200, body: { jsonrpc: '2.0', id: 1, result: `0x${(state.gasGwei * 1e9).toString(16)}` } }
      : { status: 200, body: { jsonrpc: '2.0', id: 1, error: { code: -32_601, message: 'method not found' } } },
};

function escalationRate(state: AutoBrokerState): number {
  if (state.humanOnly) return 100;
  return state.disputesWaiting > 10 ? UNSURE_PERCENT : 3;
}
