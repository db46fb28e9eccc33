import { UserError } from '../../lib/errors.ts';
import { type BoundValue, plainText } from '../bound-values.ts';

/** What every script gets, and nothing of Warroom's own environment. */
const FIXED = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8' } as const;

/** Variables that steer shells, loaders, interpreters and tools: a value in one of them would be code. Compared in upper case. */
const STEERING =
  /^(?:_|PATH|HOME|PWD|OLDPWD|SHELL|ENV|IFS|CDPATH|TMPDIR|LANG|LANGUAGE|LC_.*|TERM|TERMINFO.*|PS[0-9]|PROMPT_COMMAND|SHELLOPTS|BASHOPTS|BASH.*|FUNCNEST|GLOBIGNORE|HISTFILE|HOSTALIASES|LOCALDOMAIN|RES_OPTIONS|NLSPATH|LD_.*|DYLD_.*|GCONV_PATH|MALLOC_.*|NODE_.*|NPM_.*|PYTHON.*|PERL.*|RUBY.*|GEM_.*|JAVA_.*|_JAVA_.*|JDK_.*|CLASSPATH|PHPRC|PHP_.*|LUA_.*|GO.*|GIT_.*|SSH_.*|EDITOR|VISUAL|PAGER|LESS.*|MANPAGER|BROWSER|.*_PROXY|SSL_CERT_.*|OPENSSL_.*|CURL_.*|WGETRC|KUBECONFIG|DOCKER_.*|AWS_.*|PG[A-Z]+|LIBC_.*|TZ|TZDIR|WARROOM_.*)$/u;

/** The least environment a script needs, with the bound values and the target's secrets. Throws UserError `value_refused` for a steering name. */
export function scriptEnvironment(parts: {
  home: string;
  bound: readonly BoundValue[];
  secrets: Readonly<Record<string, string>>;
  /** Folders of programs before the fixed ones, separated by colons; empty for none. */
  path?: string;
}): Record<string, string> {
  const values = parts.bound.map(({ name, value }) => [name, plainText(value)] as const);
  const PATH = parts.path ? `${parts.path}:${FIXED.PATH}` : FIXED.PATH;
  return { ...FIXED, PATH, HOME: parts.home, TMPDIR: parts.home, ...parts.secrets, ...Object.fromEntries(values) };
}

/** True for a variable that programs obey. */
export function isSteeringName(name: string): boolean {
  return STEERING.test(name.toUpperCase());
}

/** Throws UserError `value_refused` when a parameter of that name would steer a program instead of being its data. */
export function refuseSteeringName(name: string): void {
  if (!isSteeringName(name)) return;
  throw new UserError(
    'value_refused',
    `A parameter of a shell step cannot be called ${name}, because programs obey a variable of that name: rename it.`,
  );
}
