import type { ImportedParam } from './native-step.ts';

/** Where a placeholder stands, as far as it tells what its value is. */
export type ParamPlace = {
  /** The program of the command: `kubectl` makes `name` a Kubernetes name. Empty when there is none. */
  readonly program: string;
  /** A value that the source itself gave, as in `${TAIL:-100}`; null without one. */
  readonly fallback: string | null;
};

type Kind = Omit<ImportedParam, 'name' | 'description'>;

/** Names of variables that programs obey (`NODE_OPTIONS`, `PATH`): a parameter of a shell step cannot be called so. */
const STEERING =
  /^(?:_|path|home|pwd|oldpwd|shell|env|ifs|cdpath|tmpdir|lang|language|term|editor|visual|pager|browser|tz|tzdir|kubeconfig|classpath|wgetrc|phprc|ps\d|pg[a-z]+|less.*|bash.*|python.*|perl.*|ruby.*|go.*|(?:lc|ld|dyld|node|npm|gem|java|jdk|php|lua|git|ssh|docker|aws|curl|openssl|libc|malloc)_.*|.*_proxy)$/u;

const SAFE = '^[A-Za-z0-9_./][A-Za-z0-9_.:/@+=,%~-]*$';

/** The first that matches a name decides. Kubernetes names come before secrets: `secret_name` names one, it is none. */
const RULES: readonly (readonly [RegExp, Kind])[] = [
  [/(?:secret|token|key)_?name$/u, { type: 'k8s-name' }],
  [/password|passwd|passphrase|token|secret|credential|unseal/u, { type: 'secret' }],
  [
    /(?:api|access|private|encryption|auth|license|admin|service|signing|anthropic|openai)_?key\d*$/u,
    { type: 'secret' },
  ],
  [
    /(?:^|_)(?:namespace|ns|pod|deployment|deploy|statefulset|daemonset|replicaset|configmap|ingress|pvc|cronjob|hpa|crd)s?(?:_?name)?(?:_?\d+)?$/u,
    { type: 'k8s-name' },
  ],
  [
    /(?:^|_)(?:port|count|replicas?|revision|pid|retries|number|num|lines|tail|workers|threads|max|min)(?:_?\d+)?$/u,
    { type: 'integer' },
  ],
  [/(?:^|_)(?:minutes?|mins?|hours?|seconds?|secs?|days?)$/u, { type: 'integer' }],
  [/(?:^|_)(?:since|duration|interval|window|period)$/u, { type: 'duration' }],
  [/(?:^|_)(?:url|uri|endpoint)$/u, { type: 'string', pattern: '^[A-Za-z][A-Za-z0-9+.-]*://[^\\s]+$' }],
  [/(?:^|_)(?:e?mail)$/u, { type: 'string', pattern: '^[^\\s@-][^\\s@]*@[^\\s@]+$' }],
  [/(?:^|_)ip(?:_?address)?$/u, { type: 'string', pattern: '^[0-9a-fA-F][0-9a-fA-F.:]*(?:/[0-9]{1,3})?$' }],
  [/(?:^|_)(?:date|time|timestamp|datetime)$/u, { type: 'string', pattern: '^[0-9][0-9A-Za-z:+. -]*$' }],
  [/(?:^|_)(?:hosts?|hostname|domain|fqdn|server)$/u, { type: 'string', pattern: '^[A-Za-z0-9][A-Za-z0-9._:-]*$' }],
];

/** Kinds of Kubernetes objects whose names are free elsewhere: a compose service may hold an underscore. */
const IN_KUBERNETES =
  /(?:^|_)(?:service|svc|container|node|job|cluster|vm|vmi|release|resource|object|name|app|machine|operator)s?(?:_?name)?$/u;

/** A parameter's name from what stands between the signs of a placeholder: `[a-z][a-z0-9_]*`. Empty when nothing is left. */
export function paramName(written: string): string {
  const name = written
    .replaceAll(/([a-z0-9])([A-Z])/gu, '$1_$2')
    .toLowerCase()
    .normalize('NFKD')
    .replaceAll(/[^a-z0-9]+/gu, '_')
    .replaceAll(/^(?:_|(?:insert|enter|put|the|your|my|replace_with|name_of(?:_the)?|id_of(?:_the)?|a|an)_)+|_+$/gu, '')
    .replace(/_here$/u, '')
    .replace(/^(\d)/u, 'n$1')
    .slice(0, 50)
    .replace(/_+$/u, '');
  return STEERING.test(name) ? `input_${name}` : name;
}

/** The parameter for a placeholder: type from the name and the program, a pattern that keeps signs of a shell out of texts. */
export function paramOf(name: string, written: string, place: ParamPlace): ImportedParam {
  const kind = kindOf(name, place.program);
  const description = written.replaceAll(/[_-]+/gu, ' ').trim().toLowerCase();
  const base: ImportedParam = { name, ...kind, ...(description === '' ? {} : { description }) };
  if (place.fallback === null || kind.type === 'secret') return { ...base, required: true };
  if (kind.type === 'integer')
    return /^\d{1,9}$/u.test(place.fallback)
      ? { ...base, default: Number(place.fallback) }
      : { ...text(base), default: place.fallback };
  return kind.type === 'k8s-name' || kind.type === 'string'
    ? { ...(fits(kind, place.fallback) ? base : text(base)), default: place.fallback }
    : { ...text(base), default: place.fallback };
}

function kindOf(name: string, program: string): Kind {
  const inKubernetes = /^(?:kubectl|oc|k|helm|istioctl|virtctl)$/u.test(program);
  if (inKubernetes && /^(?:name|.*_name)$/u.test(name) && !/file|user|host|database|db/u.test(name))
    return { type: 'k8s-name' };
  for (const [pattern, kind] of RULES) if (pattern.test(name)) return kind;
  if (inKubernetes && IN_KUBERNETES.test(name)) return { type: 'k8s-name' };
  return { type: 'string', pattern: SAFE };
}

function fits(kind: Kind, value: string): boolean {
  if (kind.type === 'k8s-name') return /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/u.test(value);
  return kind.pattern === undefined || new RegExp(kind.pattern, 'u').test(value);
}

/** The same parameter as free text: its default says that it is no number, no name. */
function text({ name, description }: ImportedParam): ImportedParam {
  return { name, type: 'string', ...(description === undefined ? {} : { description }) };
}
