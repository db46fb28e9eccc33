import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { parseSecretReference } from '../../src/domain/secret-reference.ts';
import { createExecutors } from '../../src/executors/registry.ts';
import { createSecretResolver } from '../../src/executors/secrets.ts';
import { issueCertificate } from '../support/certificates.ts';
import { shopCluster } from '../support/kube/shop-cluster.ts';
import { startVault, type VaultServer, type VaultWorld } from '../support/vault-server.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'warroom-secrets-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const resolver = (environment: Readonly<Record<string, string>>) => createSecretResolver((name) => environment[name]);

describe('a reference to a secret', () => {
  it.each([
    ['env:API_TOKEN', 'env'],
    ['file:/run/secrets/api token', 'file'],
    ['vault:secret/shop/db#password', 'vault'],
    ['vault:kv/data/shop.prod/db#api-key', 'vault'],
    ['k8s:shop/db-login#password', 'k8s'],
    ['k8s:shop/tls#tls.key', 'k8s'],
  ])('%s is one', (text, scheme) => {
    expect(parseSecretReference(text)?.scheme).toBe(scheme);
  });

  it.each([
    'hunter2',
    'env:',
    'env:9A',
    'file:relative/path',
    'vault:secret/shop',
    'vault:secret#key',
    'vault:/secret/shop#key',
    'vault:secret/../sys/raw#key',
    'vault:secret/./x#key',
    'vault:secret//shop#key',
    'vault:secret/shop?version=1#key',
    'vault:secret/shop#a#b',
    'k8s:shop#key',
    'k8s:shop/../other#key',
    'k8s:Shop/x#key',
    'k8s:shop/x/y#key',
    'aws:secret/shop#key',
    'vaults:secret/shop#key',
  ])('%s is none', async (text) => {
    expect(parseSecretReference(text)).toBeNull();
    await expect(resolver({})(text)).rejects.toThrow(
      `“${text}” does not name a secret: write env:NAME, file:/path, vault:path#key or k8s:namespace/name#key.`,
    );
  });

  it('of an unknown kind is an error of its target when the packs are checked', () => {
    const http = createExecutors({ secrets: resolver({}) }).get('http');
    const target = (secret: string) => ({
      name: 'api',
      executor: 'http' as const,
      description: null,
      options: { baseUrl: 'https://shop.example' },
      read: {},
      write: { headers: { authorization: { secret } } },
    });
    expect(http?.checkTarget(target('vault:secret/shop/db#password'))).toEqual([]);
    expect(http?.checkTarget(target('k8s:shop/db#password'))).toEqual([]);
    expect(http?.checkTarget(target('aws:shop/db#password')).join(' ')).toMatch(/^`write\.headers\.authorization/u);
  });

  it('to a value too short to be masked is refused', async () => {
    await expect(resolver({ PIN: '123' })('env:PIN')).rejects.toThrow(
      'The secret env:PIN is shorter than 4 characters and could not be masked in output: choose a longer one.',
    );
    expect((await resolver({ PIN: '1234' })('env:PIN')).reveal()).toBe('1234');
  });
});

const WORLD = (): VaultWorld => ({
  sealed: false,
  engines: {
    'secret/': { version: 2, secrets: { 'shop/db': { password: 'from-vault-2', port: 5432, empty: '' } } },
    'old/': { version: 1, secrets: { 'shop/db': { password: 'from-vault-1', data: 'a field called data' } } },
  },
  tokens: {
    'full-token': { reads: ['secret/', 'old/'], preflight: true },
    'narrow-token': { reads: ['secret/data/shop/', 'old/shop/'], preflight: false },
    'other-token': { reads: ['secret/data/other/'], preflight: true },
    'role-token': { reads: ['secret/data/shop/'], preflight: true },
  },
  logins: {
    approle: { body: { role_id: 'shop', secret_id: 'very-secret-id' }, token: 'role-token' },
    kubernetes: { body: { role: 'shop', jwt: 'jwt-of-the-pod' }, token: 'role-token' },
  },
});

describe('vault:path#key', () => {
  let vault: VaultServer;
  beforeEach(async () => {
    vault = await startVault(WORLD());
    return () => vault.stop();
  });
  const value = async (reference: string, environment: Readonly<Record<string, string>>) =>
    (await resolver({ VAULT_ADDR: vault.url, ...environment })(reference)).reveal();
  const full = { VAULT_TOKEN: 'full-token' };

  it.each([
    ['vault:secret/shop/db#password', 'from-vault-2'],
    ['vault:secret/data/shop/db#password', 'from-vault-2'],
    ['vault:secret/shop/db#port', '5432'],
    ['vault:old/shop/db#password', 'from-vault-1'],
    ['vault:old/shop/db#data', 'a field called data'],
  ])('%s is read from engines of both versions', async (reference, expected) => {
    expect(await value(reference, full)).toBe(expected);
  });

  it('a token that may not ask for the kind of an engine reads by the whole path', async () => {
    const narrow = { VAULT_TOKEN: 'narrow-token' };
    expect(await value('vault:secret/data/shop/db#password', narrow)).toBe('from-vault-2');
    expect(await value('vault:old/shop/db#password', narrow)).toBe('from-vault-1');
  });

  it('every use looks again: nothing is kept', async () => {
    expect(await value('vault:secret/shop/db#password', full)).toBe('from-vault-2');
    Object.assign(vault.world.engines['secret/']?.secrets ?? {}, { 'shop/db': { password: 'rotated-since' } });
    expect(await value('vault:secret/shop/db#password', full)).toBe('rotated-since');
  });

  it('a token comes from the file of an agent, or from a login whose token is given back', async () => {
    await writeFile(join(dir, 'token'), 'full-token\n');
    await writeFile(join(dir, 'jwt'), 'jwt-of-the-pod\n');
    expect(await value('vault:secret/shop/db#password', { VAULT_TOKEN_FILE: join(dir, 'token') })).toBe('from-vault-2');
    const role = { VAULT_ROLE_ID: 'shop', VAULT_SECRET_ID: 'very-secret-id', VAULT_NAMESPACE: 'team-a' };
    expect(await value('vault:secret/shop/db#password', role)).toBe('from-vault-2');
    expect(vault.requests.at(-1)).toEqual({
      line: 'POST /v1/auth/token/revoke-self',
      token: 'role-token',
      namespace: 'team-a',
    });
    expect(vault.world.tokens).not.toHaveProperty('role-token');
    vault.world.tokens['role-token'] = { reads: ['secret/data/shop/'], preflight: true };
    const pod = { VAULT_KUBERNETES_ROLE: 'shop', VAULT_KUBERNETES_TOKEN_FILE: join(dir, 'jwt') };
    expect(await value('vault:secret/shop/db#password', pod)).toBe('from-vault-2');
  });

  it.each<[string, string, Record<string, string>, RegExp]>([
    ['no login', 'vault:secret/shop/db#password', {}, /without a login: set VAULT_TOKEN/u],
    [
      'a refused login',
      'vault:secret/shop/db#password',
      { VAULT_ROLE_ID: 'shop', VAULT_SECRET_ID: 'wrong-secret-id' },
      /refused the login at auth\/approle\/login \(400\)/u,
    ],
    ['a token that may not', 'vault:secret/shop/db#password', { VAULT_TOKEN: 'other-token' }, /refused it \(403\)/u],
    ['a path with nothing', 'vault:secret/shop/none#password', full, /nothing there \(404\)/u],
    ['a missing key', 'vault:secret/shop/db#user', full, /no text under the key user/u],
    ['an empty value', 'vault:secret/shop/db#empty', full, /no text under the key empty/u],
    ['a key of every object', 'vault:secret/shop/db#constructor', full, /no text under the key constructor/u],
    [
      'a missing file',
      'vault:secret/shop/db#password',
      { VAULT_TOKEN_FILE: '/nonexistent/token' },
      /VAULT_TOKEN_FILE: \/nonexistent\/token cannot be read/u,
    ],
    [
      'an address without TLS',
      'vault:secret/shop/db#password',
      { VAULT_ADDR: 'http://vault.example:8200', ...full },
      /no https address/u,
    ],
    [
      'nobody there',
      'vault:secret/shop/db#password',
      { VAULT_ADDR: 'http://127.0.0.1:9', ...full },
      /does not answer/u,
    ],
  ])('%s is one sentence that gives nothing away', async (_what, reference, environment, sentence) => {
    const error = await value(reference, environment).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(Error);
    expect((error as Error).message).toMatch(sentence);
    expect((error as Error).message).toMatch(/[:;,] [^.]+\.$/u);
    expect(inspect(error, { depth: 9 })).not.toMatch(/full-token|very-secret-id|wrong-secret-id|from-vault/u);
  });

  it('a sealed Vault is said so', async () => {
    vault.world.sealed = true;
    await expect(value('vault:secret/shop/db#password', full)).rejects.toThrow('Vault is sealed (503); open it first.');
  });

  it('over TLS its certificate counts, with an authority of its own when one is named', async () => {
    const [from, until] = [new Date(Date.now() - 3_600_000), new Date(Date.now() + 86_400_000)];
    const authority = issueCertificate({ name: 'ca', authority: true, from, until });
    const own = issueCertificate({ name: 'vault', names: ['localhost'], by: authority, from, until });
    const secure = await startVault(WORLD(), own);
    try {
      await writeFile(join(dir, 'ca.pem'), authority.cert);
      const there = { VAULT_ADDR: secure.url, ...full };
      await expect(value('vault:secret/shop/db#password', there)).rejects.toThrow(/does not answer/u);
      expect(await value('vault:secret/shop/db#password', { ...there, VAULT_CACERT: join(dir, 'ca.pem') })).toBe(
        'from-vault-2',
      );
    } finally {
      await secure.stop();
    }
  });
});

describe('k8s:namespace/name#key', () => {
  const cluster = shopCluster();
  let address: string;
  beforeAll(async () => {
    address = await cluster.start();
    return () => cluster.stop();
  });
  const kubeconfig = async (token: string): Promise<string> => {
    const file = join(dir, `kubeconfig-${token}`);
    const ca = Buffer.from(cluster.authority).toString('base64');
    await writeFile(
      file,
      stringify({
        apiVersion: 'v1',
        kind: 'Config',
        'current-context': 'shop',
        contexts: [{ name: 'shop', context: { cluster: 'shop', user: 'warroom' } }],
        clusters: [{ name: 'shop', cluster: { server: address, 'certificate-authority-data': ca } }],
        users: [{ name: 'warroom', user: { token } }],
      }),
    );
    return file;
  };
  const secretName = () => cluster.requests.at(-1)?.path.split('/').at(-1);

  it('is read with the kubeconfig, from the value as Kubernetes keeps it', async () => {
    const resolve = resolver({ KUBECONFIG: await kubeconfig('admin') });
    const name = shopSecret();
    expect((await resolve(`k8s:shop/${name}#key`)).reveal()).toBe('top-secret-value');
    expect(secretName()).toBe(name);
    await expect(resolve(`k8s:shop/${name}#other`)).rejects.toThrow(/nothing under the key other/u);
    await expect(resolve('k8s:shop/none#key')).rejects.toThrow(/no such Secret \(404\)/u);
  });

  it.each([
    ['read-secret-4711', /may not be read \(403\)/u],
    ['unknown-token-4713', /does not know who asks \(401\)/u],
  ])('the token %s is refused with a sentence', async (token, sentence) => {
    const resolve = resolver({ KUBECONFIG: await kubeconfig(token) });
    const error = await resolve(`k8s:shop/${shopSecret()}#key`).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect((error as Error).message).toMatch(sentence);
    expect(inspect(error, { depth: 9 })).not.toContain(token);
  });

  it('without a kubeconfig and outside of a cluster it says what to set', async () => {
    await expect(resolver({})('k8s:shop/db#key')).rejects.toThrow(/service account of its pod.*set KUBECONFIG/u);
    await expect(resolver({ KUBECONFIG: join(dir, 'none') })('k8s:shop/db#key')).rejects.toThrow(
      /KUBECONFIG \(.*set KUBECONFIG/u,
    );
  });
});

/** The one Secret of the imitated shop. */
function shopSecret(): string {
  return 'vault';
}
