import type { SyntaxNode } from './grammar.ts';
import type { VariableKind } from './word.ts';

/** Variables that steer the shell, the loader or one of the listed programs: a script that sets one is a change. */
const STEERING =
  /^(?:PATH|HOME|ENV|PS[0-4]|SHELL.*|BASH.*|PROMPT.*|CDPATH|GLOBIGNORE|EXECIGNORE|FIGNORE|OPT(?:IND|ARG|ERR)|POSIX.*|HIST.*|FCEDIT|TMPDIR|TMP|TEMP|LD_.*|DYLD_.*|LC_.*|LOC.*|NLS.*|GCONV.*|MALLOC.*|GLIBC.*|TERM|TERMINFO.*|TERMCAP|.*EDITOR|VISUAL|.*PAGER|BROWSER|LESS.*|LS_.*|GREP.*|AWK.*|GAWK.*|POSIXLY.*|GIT_.*|SSH.*|KUBECONFIG|KUBE_.*|KUBECTL_.*|HELM_.*|DOCKER_.*|COMPOSE_.*|CONTAINER_.*|CONTAINERS_.*|BUILDX.*|PODMAN.*|PYTHON.*|PERL.*|RUBY.*|GEM.*|NODE_(?:OPTIONS|PATH|EXTRA.*|TLS.*|DEBUG|ENV|V8.*|REPL.*)|NPM.*|JAVA_.*|_JAVA.*|JDK_.*|JQ.*|GO(?:DEBUG|FLAGS|ENV|PATH|ROOT|TOOL.*)|PG.*|PSQL.*|MYSQL.*|REDISCLI_.*|VALKEYCLI_.*|CURL_.*|WGET.*|SSL.*|OPENSSL.*|TF_.*|TERRAFORM.*|VAULT_.*|CONSUL_.*|NOMAD_.*|FLY_.*|ISTIO_.*|ETH_.*|FOUNDRY.*|CAST_.*|AWS_.*|AZURE_.*|GOOGLE.*|CLOUDSDK.*|SYSTEMD.*|XDG.*|RES_.*|HOSTALIASES|.*RC|.*CONFIG|.*_CONF|.*_OPTS|.*_OPTIONS|.*PROXY|.*proxy|NO_COLOR.+)$/u;

/** Variables that may stand in the environment of a command: they choose what is read, and how it is shown. */
const HARMLESS_IN_ENVIRONMENT =
  /^(?:LANG|LC_ALL|LC_CTYPE|LC_TIME|LC_NUMERIC|TZ|COLUMNS|LINES|NO_COLOR|PGHOST|PGPORT|PGUSER|PGDATABASE|PGPASSWORD|PGCONNECT_TIMEOUT|PGSSLMODE|REDISCLI_AUTH|VAULT_ADDR|VAULT_NAMESPACE|NAMESPACE|NS|POD|NODE_NAME|DEPLOYMENT|CLUSTER|BASE_URL|API_URL|HOST|PORT)$/u;

/** True for a variable of the script's own that steers nothing. */
export function isOwnVariable(name: string): boolean {
  return /^[A-Za-z_]\w*$/u.test(name) && !STEERING.test(name) && name !== '_';
}

/** True for a variable that may be given to a command. */
export function isHarmlessInEnvironment(name: string): boolean {
  return HARMLESS_IN_ENVIRONMENT.test(name);
}

/** What each variable may hold, over the whole script: the weakest of everything that gives it a value. */
export type Variables = { readonly kindOf: (name: string) => VariableKind };

/** Collects every place that gives a variable a value; `outer` is asked for the others. */
export function collectVariables(root: SyntaxNode, outer: Variables | null): Variables {
  const known = new Map<string, VariableKind>();
  const note = (name: string, kind: VariableKind): void => {
    known.set(name, weaker(known.get(name) ?? kind, kind));
  };
  for (const node of root.descendantsOfType(NAMING)) {
    if (node === null) continue;
    if (node.type === 'variable_assignment') noteAssignment(node, note);
    else if (node.type === 'for_statement') noteLoop(node, note);
    else if (node.type === 'command') noteReaders(node, note);
    else for (const name of node.descendantsOfType('variable_name')) if (name) note(name.text, 'any');
  }
  return { kindOf: (name) => special(name) ?? known.get(name) ?? outer?.kindOf(name) ?? 'free' };
}

const NAMING = ['variable_assignment', 'for_statement', 'command', 'c_style_for_statement', 'unset_command'];

function special(name: string): VariableKind | null {
  if (/^[?#$!]$/u.test(name)) return 'number';
  return /^(?:\d+|[@*_-]|REPLY|MAPFILE|OPTARG|BASH.*|COPROC.*|DIRSTACK)$/u.test(name) ? 'any' : null;
}

function weaker(a: VariableKind, b: VariableKind): VariableKind {
  if (a === b) return a;
  return a === 'any' || b === 'any' ? 'any' : 'plain';
}

function noteAssignment(node: SyntaxNode, note: (name: string, kind: VariableKind) => void): void {
  const name = /^[A-Za-z_]\w*/u.exec(node.text)?.[0] ?? '';
  const plain = node.text.startsWith(`${name}=`) && node.childForFieldName('name')?.type === 'variable_name';
  note(name, plain ? valueKind(node.childForFieldName('value')) : 'any');
}

function noteLoop(node: SyntaxNode, note: (name: string, kind: VariableKind) => void): void {
  const values = node.childrenForFieldName('value').filter((value) => value !== null);
  const kinds = values.map(valueKind);
  const name = node.childForFieldName('variable')?.text ?? '';
  note(name, kinds.length === 0 ? 'any' : kinds.reduce(weaker));
}

/** `read`, `printf -v`, `getopts` and their kind name variables in their arguments: each word counts as one. */
function noteReaders(node: SyntaxNode, note: (name: string, kind: VariableKind) => void): void {
  const plain = node.text.replaceAll(/["'\\$]/gu, '');
  for (const argument of node.childrenForFieldName('argument'))
    for (const name of argument?.text.match(/[A-Za-z_]\w*/gu) ?? []) if (READERS.test(plain)) note(name, 'any');
}

const READERS =
  /\b(?:read|readarray|mapfile|getopts|printf|wait|let|local|declare|typeset|export|readonly|eval)\b|\(\(/u;

function valueKind(value: SyntaxNode | null): VariableKind {
  if (value === null) return 'plain';
  if (/^\d{1,15}$/u.test(value.text)) return 'number';
  if (value.type === 'arithmetic_expansion') return 'number';
  return /^(?:"[\w./:,@+=%][\w./:,@+=%-]*"|'[\w./:,@+=%][\w./:,@+=%-]*'|[\w./:,@+=%][\w./:,@+=%-]*|""|'')$/u.test(
    value.text,
  )
    ? 'plain'
    : 'any';
}
