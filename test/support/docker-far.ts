import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import tls from 'node:tls';
import { issueCertificate } from './certificates.ts';
import { testSshd } from './sshd.ts';

const FROM = new Date(Date.now() - 3_600_000);
const UNTIL = new Date(Date.now() + 86_400_000);

export type EngineOverTls = {
  /** `https://localhost:…` of the engine behind it. */
  readonly host: string;
  /** PEM files: the authority that signed its certificate, and one that did not. */
  readonly ca: string;
  readonly otherCa: string;
  /** What may enter, and what an authority unknown to it signed. */
  readonly client: { readonly certificate: string; readonly key: string };
  readonly stranger: { readonly certificate: string; readonly key: string };
  /** Bytes that came to the engine itself. */
  received(): number;
  stop(): Promise<void>;
};

/** A TLS server that asks for client certificates, as dockerd with --tlsverify does, in front of an engine's socket. */
export async function engineOverTls(socket: string): Promise<EngineOverTls> {
  const dir = await mkdtemp(path.join(tmpdir(), 'warroom-engine-tls-'));
  const authority = (name: string) => issueCertificate({ name, authority: true, from: FROM, until: UNTIL });
  const [ca, other] = [authority('engine-ca'), authority('other-ca')];
  const signed = (name: string, by: typeof ca) =>
    issueCertificate({ name, names: ['localhost'], by, from: FROM, until: UNTIL });
  const [own, client, stranger] = [signed('localhost', ca), signed('warroom', ca), signed('stranger', other)];
  let received = 0;
  const open = new Set<{ destroy(): unknown }>();
  const server = tls.createServer(
    { cert: own.cert, key: own.key, ca: ca.cert, requestCert: true, rejectUnauthorized: true },
    (near) => {
      const far = createConnection(socket);
      for (const end of [near, far]) {
        open.add(end);
        end.once('close', () => open.delete(end));
        end.on('error', () => [near, far].forEach((each) => void each.destroy()));
      }
      near.on('data', (chunk: Buffer) => {
        received += chunk.length;
      });
      near.pipe(far).pipe(near);
    },
  );
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  const file = async (name: string, text: string): Promise<string> => {
    await writeFile(path.join(dir, name), text);
    return path.join(dir, name);
  };
  return {
    host: `https://localhost:${(server.address() as { port: number }).port}`,
    ca: await file('ca.pem', ca.cert),
    otherCa: await file('other.pem', other.cert),
    client: { certificate: client.cert, key: client.key },
    stranger: { certificate: stranger.cert, key: stranger.key },
    received: () => received,
    stop: async () => {
      for (const end of open) end.destroy();
      await new Promise((resolve) => server.close(resolve));
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** What `docker system dial-stdio` does at the far end: standard input and output are the engine's socket. */
const DIAL_STDIO = (socket: string) => `#!/usr/bin/python3
import os, socket, sys, threading
if sys.argv[1:] != ["system", "dial-stdio"]:
    sys.exit("docker: unknown command")
s = socket.socket(socket.AF_UNIX)
s.connect(${JSON.stringify(socket)})
def up():
    while True:
        data = os.read(0, 65536)
        if not data:
            s.shutdown(socket.SHUT_WR)
            return
        s.sendall(data)
threading.Thread(target=up, daemon=True).start()
while True:
    data = s.recv(65536)
    if not data:
        break
    while data:
        data = data[os.write(1, data):]
os._exit(0)
`;

export type EngineOverSsh = {
  /** `ssh://user@127.0.0.1:…`. */
  readonly host: string;
  /** Files of host keys: the server's own, another one in its place, none. */
  readonly knownHosts: string;
  readonly wrongHosts: string;
  readonly noHosts: string;
  /** Private key files: one that may enter, and one that may not. */
  readonly identity: string;
  readonly stranger: string;
  /** Breaks every connection without a word. */
  cut(): void;
  stop(): Promise<void>;
};

/** A real sshd at whose other end `docker system dial-stdio` is an engine's socket; null without sshd. */
export async function engineOverSsh(socket: string): Promise<EngineOverSsh | null> {
  const dir = await mkdtemp(path.join(tmpdir(), 'warroom-engine-ssh-'));
  const bin = path.join(dir, 'bin');
  await mkdir(bin);
  await writeFile(path.join(bin, 'docker'), DIAL_STDIO(socket));
  await chmod(path.join(bin, 'docker'), 0o755);
  const sshd = await testSshd([`SetEnv PATH=${bin}:/usr/bin:/bin`]);
  if (sshd === null) {
    await rm(dir, { recursive: true, force: true });
    return null;
  }
  const file = async (name: string, text: string): Promise<string> => {
    await writeFile(path.join(dir, name), text, { mode: 0o600 });
    return path.join(dir, name);
  };
  const place = `[127.0.0.1]:${sshd.port}`;
  return {
    host: `ssh://${sshd.user}@127.0.0.1:${sshd.port}`,
    knownHosts: await file('known', `${place} ${sshd.hostKey}\n`),
    wrongHosts: await file('wrong', `${place} ${sshd.otherHostKey}\n`),
    noHosts: await file('none', ''),
    identity: await file('identity', sshd.keys[0]),
    stranger: await file('stranger', sshd.strangerKey),
    cut: () => sshd.cut(),
    stop: async () => {
      await sshd.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
