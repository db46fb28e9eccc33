import type { IncomingHttpHeaders } from 'node:http';
import { fieldOf } from '../support/http-twin.ts';
import type { AutoBrokerState } from './state.ts';

/** The circuit breakers, wherever they are kept. A breaker without a value is closed. */
export type Breakers = {
  read(name: string): Promise<string>;
  write(name: string, value: string): Promise<void>;
  close(): Promise<void>;
};

/** What the twin is made of while it runs. */
export type World = { state: AutoBrokerState; readonly breakers: Breakers; readonly token: string };

/** A request as routes see it: the body is what its JSON says, null when there is none or it is no JSON. */
export type Asked = { readonly headers: IncomingHttpHeaders; readonly body: unknown };
export type Reply = { readonly status: number; readonly body: unknown };
export type Route = (world: World, asked: Asked) => Promise<Reply> | Reply;

/** A positive whole number of the body; null when it is not there or is something else. */
export function wholeNumber(body: unknown, field: string): number | null {
  const value = fieldOf(body, field);
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : null;
}
