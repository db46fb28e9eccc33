import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { messageOf, UserError } from '../../lib/errors.ts';
import { Secret } from '../../lib/secret.ts';
import { askJson, isPrivateAddress, type JsonAnswer, NoAnswerError } from './ask-json.ts';

type Environment = (name: string) => string | undefined;
type Wanted = { readonly path: string; readonly key: string };

/** Where a pod finds the token of its service account. */
const SERVICE_ACCOUNT_TOKEN = '/var/run/secrets/kubernetes.io/serviceaccount/token';

const mount = z.object({
  data: z.object({ path: z.string(), options: z.object({ version: z.string() }).nullish() }),
});
const login = z.object({ auth: z.object({ client_token: z.string().min(1) }) });
/** KV version 2 wraps the values and tells about their version beside them. */
const versioned = z.object({ data: z.object({ data: z.record(z.string(), z.unknown()), metadata: z.unknown() }) });
const plain = z.object({ data: z.record(z.string(), z.unknown()) });

/**
 * One value from HashiCorp Vault, KV version 1 or 2, looked up now and kept nowhere. VAULT_ADDR says where; who asks is
 * VAULT_TOKEN or VAULT_TOKEN_FILE (as the agent writes it), else an AppRole (VAULT_ROLE_ID, VAULT_SECRET_ID), else a role of
 * the Kubernetes login (VAULT_KUBERNETES_ROLE). A token that was logged in for is given back at once. VAULT_NAMESPACE and
 * VAULT_CACERT are those of Vault's own tools. Throws UserError `secret_missing` with what to do.
 */
export async function readFromVault(environment: Environment, wanted: Wanted): Promise<Secret> {
  const vault = await connect(environment, wanted);
  const { token, loggedIn } = await tokenOf(vault);
  try {
    return await lookUp(vault, token, wanted);
  } finally {
    // Best effort: the token would end by itself.
    if (loggedIn) await vault.ask('POST', 'auth/token/revoke-self', { token }).catch(() => undefined);
  }
}

type Vault = {
  readonly environment: Environment;
  /** How the secret is called in a sentence. */
  readonly reference: string;
  ask(method: 'GET' | 'POST', path: string, with_: { token?: string; body?: unknown }): Promise<JsonAnswer>;
};

async function connect(environment: Environment, wanted: Wanted): Promise<Vault> {
  const reference = `vault:${wanted.path}#${wanted.key}`;
  const address = environment('VAULT_ADDR');
  if (address === undefined)
    throw refusal(`${reference} cannot be looked up: set VAULT_ADDR to the address of Vault, and how to log in.`);
  if (!URL.canParse(address) || !isPrivateAddress(new URL(address)))
    throw refusal(
      `VAULT_ADDR: “${address.replace(/\/\/[^/]*@/u, '//…@')}” is no https address; plain http is for this machine only.`,
    );
  const base = new URL(address);
  const authority = environment('VAULT_CACERT');
  const ca = authority === undefined ? undefined : await readNamed('VAULT_CACERT', authority);
  const namespace = environment('VAULT_NAMESPACE');
  return {
    environment,
    reference,
    ask: async (method, path, { token, body }) => {
      const url = new URL(`${base.pathname.replace(/\/+$/u, '')}/v1/${path}`, base);
      const headers = {
        'x-vault-request': 'true',
        ...(namespace === undefined ? {} : { 'x-vault-namespace': namespace }),
        ...(token === undefined ? {} : { 'x-vault-token': token }),
      };
      try {
        return await askJson({ url, method, headers, body, ...(ca === undefined ? {} : { tls: { ca } }) });
      } catch (error) {
        if (!(error instanceof NoAnswerError)) throw error;
        throw refusal(
          `${reference} cannot be looked up: Vault at ${base.origin} does not answer (${error.message}); check VAULT_ADDR and the network.`,
        );
      }
    },
  };
}

async function tokenOf(vault: Vault): Promise<{ token: string; loggedIn: boolean }> {
  const { environment, reference } = vault;
  const given = environment('VAULT_TOKEN');
  if (given !== undefined) return { token: given, loggedIn: false };
  const file = environment('VAULT_TOKEN_FILE');
  if (file !== undefined) return { token: (await readNamed('VAULT_TOKEN_FILE', file)).trim(), loggedIn: false };
  const role = environment('VAULT_ROLE_ID');
  if (role !== undefined) {
    const body = { role_id: role, secret_id: environment('VAULT_SECRET_ID') };
    return logIn(vault, `auth/${environment('VAULT_APPROLE_PATH') ?? 'approle'}/login`, body);
  }
  const pod = environment('VAULT_KUBERNETES_ROLE');
  if (pod !== undefined) {
    const path = environment('VAULT_KUBERNETES_TOKEN_FILE') ?? SERVICE_ACCOUNT_TOKEN;
    const body = { role: pod, jwt: (await readNamed('VAULT_KUBERNETES_TOKEN_FILE', path)).trim() };
    return logIn(vault, `auth/${environment('VAULT_KUBERNETES_PATH') ?? 'kubernetes'}/login`, body);
  }
  throw refusal(
    `${reference} cannot be looked up without a login: set VAULT_TOKEN, VAULT_TOKEN_FILE, VAULT_ROLE_ID with VAULT_SECRET_ID, or VAULT_KUBERNETES_ROLE.`,
  );
}

async function logIn(vault: Vault, path: string, body: unknown): Promise<{ token: string; loggedIn: boolean }> {
  const answer = await vault.ask('POST', path, { body });
  const parsed = login.safeParse(answer.body);
  if (answer.status === 200 && parsed.success) return { token: parsed.data.auth.client_token, loggedIn: true };
  throw refusal(
    `${vault.reference} cannot be looked up: Vault refused the login at ${path} (${answer.status}); check the role and its credentials.`,
  );
}

async function lookUp(vault: Vault, token: string, wanted: Wanted): Promise<Secret> {
  const answer = await vault.ask('GET', await pathOf(vault, token, wanted.path), { token });
  if (answer.status !== 200) throw refusal(`${vault.reference} cannot be looked up: ${meaningOf(answer.status)}`);
  const wrapped = versioned.safeParse(answer.body);
  const values = wrapped.success ? wrapped.data.data.data : (plain.safeParse(answer.body).data?.data ?? {});
  const value = Object.hasOwn(values, wanted.key) ? values[wanted.key] : undefined;
  if (typeof value === 'string' && value !== '') return new Secret(value);
  if (typeof value === 'number') return new Secret(String(value));
  throw refusal(
    `Vault has ${wanted.path}, but no text under the key ${wanted.key}: write the value there, or correct the reference.`,
  );
}

/** Where the values stand: engines of version 2 keep them below `data/`, and Vault tells which engines are. */
async function pathOf(vault: Vault, token: string, path: string): Promise<string> {
  const encoded = path.split('/').map(encodeURIComponent).join('/');
  const answer = await vault.ask('GET', `sys/internal/ui/mounts/${encoded}`, { token });
  const parsed = answer.status === 200 ? mount.safeParse(answer.body) : null;
  if (!parsed?.success || parsed.data.data.options?.version !== '2') return encoded;
  const engine = parsed.data.data.path.replace(/\/*$/u, '/');
  const rest = `${path}`.startsWith(engine) ? path.slice(engine.length) : null;
  if (rest === null || rest.startsWith('data/')) return encoded;
  return `${engine}data/${rest}`.split('/').map(encodeURIComponent).join('/');
}

function meaningOf(status: number): string {
  if (status === 403) return 'Vault refused it (403); the token may not read there, or has expired.';
  if (status === 404) return 'Vault has nothing there (404); check the path.';
  if (status === 503) return 'Vault is sealed (503); open it first.';
  return `Vault answered ${status}; look at Vault.`;
}

async function readNamed(setting: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new UserError(
      'secret_missing',
      `${setting}: ${path} cannot be read; check that it exists and who may read it.`,
      {
        reason: messageOf(error),
      },
    );
  }
}

function refusal(text: string): UserError {
  return new UserError('secret_missing', text);
}
