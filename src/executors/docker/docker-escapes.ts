import { messageOf } from '../../lib/errors.ts';
import type { DeeperLayers, DeeperUse, LayerResult } from '../examination.ts';
import { requireAllowed } from './engine-guard.ts';

/** The request that each command comes to. */
const REQUESTS: Readonly<Record<string, readonly [method: string, path: string]>> = {
  'docker restart warroom-doctor': ['POST', '/containers/warroom-doctor/restart'],
  'docker exec warroom-doctor true': ['POST', '/containers/warroom-doctor/exec'],
  'docker rm warroom-doctor': ['DELETE', '/containers/warroom-doctor'],
  'docker system prune': ['POST', '/containers/prune'],
  'docker run busybox true': ['POST', '/containers/create'],
};

/**
 * Shows each request to the gate that stands before the wire. Nothing is sent: an engine knows no rights and no dry run, so
 * whatever reached it would be carried out.
 */
export function showToGate(
  { target, statements }: Pick<DeeperUse, 'target' | 'statements'>,
  guard: typeof requireAllowed = requireAllowed,
): DeeperLayers {
  const layers = new Map<string, LayerResult[]>();
  for (const statement of statements) {
    const request = REQUESTS[statement];
    if (request) layers.set(statement, [gate(guard, ...request)]);
  }
  const remarks =
    target.read.host === undefined
      ? [
          `An engine knows no rights: only Warroom's own gate keeps reading steps of ${target.name} from changing it; put a proxy that answers GET alone into \`read.host\`.`,
        ]
      : [];
  return { findings: [], remarks, layers };
}

function gate(guard: typeof requireAllowed, method: string, path: string): LayerResult {
  try {
    guard(method, path, 'read');
    return { layer: 'gate', outcome: 'open', why: 'The gate lets the request pass.' };
  } catch (error) {
    return { layer: 'gate', outcome: 'stopped', why: messageOf(error) };
  }
}
