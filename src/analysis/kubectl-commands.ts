import type { Effect } from '../domain/effect.ts';

/** One verb with what it does and the options it takes. */
export type KubectlCommand = {
  readonly effect: Effect;
  /** `short|long`, `long=` takes a value, `long=*` may be repeated. */
  readonly options: string;
  /** Least and most operands. */
  readonly operands: readonly [number, number];
  /** What stands first: a type (`pods`, `pod/x`), the name of a pod, or nothing of the kind. */
  readonly first: 'type' | 'pod' | 'node' | 'other';
};

const MANY = 64;
const SELECT = 'n|namespace= l|selector=';
const LIST = `${SELECT} A|all-namespaces field-selector=`;
const OUTPUT = 'o|output=';
const PREVIEW = 'dry-run=';

/** Every verb that the executor knows; whatever is absent is unknown and so a change that cannot be run. Source: the reference of kubectl 1.32. */
export const KUBECTL_COMMANDS: ReadonlyMap<string, KubectlCommand> = new Map(
  Object.entries({
    get: read(
      `${LIST} ${OUTPUT} sort-by= L|label-columns=* show-labels no-headers show-kind ignore-not-found subresource= chunk-size=`,
    ),
    describe: read(`${LIST} show-events`),
    logs: read(
      `${SELECT} c|container= tail= since= since-time= p|previous timestamps all-containers prefix limit-bytes= max-log-requests= ignore-errors`,
      [0, 2],
      'pod',
    ),
    events: read(`n|namespace= A|all-namespaces for= types= no-headers ${OUTPUT}`, [0, 0], 'other'),
    'top pods': read(`${LIST} containers sort-by= no-headers sum`, [0, 1], 'other'),
    'top nodes': read('l|selector= sort-by= no-headers', [0, 1], 'other'),
    'rollout status': read(`${SELECT} w|watch timeout= revision=`, [1, 2]),
    'rollout history': read('n|namespace= revision=', [1, 2]),
    wait: read(`${LIST} for= timeout= all`, [1, MANY]),
    'rollout restart': change(SELECT, [1, MANY]),
    'rollout pause': change('n|namespace=', [1, 2]),
    'rollout resume': change('n|namespace=', [1, 2]),
    'rollout undo': change(`n|namespace= to-revision= ${PREVIEW}`, [1, 2]),
    scale: change(`${SELECT} replicas= current-replicas= all ${PREVIEW}`, [1, MANY]),
    'set image': change(`n|namespace= ${PREVIEW}`, [2, MANY]),
    'set resources': change(`n|namespace= c|containers= limits= requests= ${PREVIEW}`, [1, 2]),
    'set env': change(`n|namespace= c|containers= ${PREVIEW}`, [2, MANY]),
    label: change(`${SELECT} overwrite ${PREVIEW}`, [2, MANY]),
    annotate: change(`${SELECT} overwrite ${PREVIEW}`, [2, MANY]),
    patch: change(`n|namespace= p|patch= type= ${PREVIEW}`, [1, 2]),
    apply: change(`n|namespace= f|filename= server-side force-conflicts field-manager= ${PREVIEW}`, [0, 0], 'other'),
    diff: change('n|namespace= f|filename= server-side force-conflicts field-manager=', [0, 0], 'other'),
    cordon: change('l|selector=', [0, MANY], 'node'),
    uncordon: change('l|selector=', [0, MANY], 'node'),
    exec: change('n|namespace= c|container=', [1, 1], 'pod'),
    cp: change('n|namespace= c|container=', [2, 2], 'other'),
    'create namespace': change(PREVIEW, [1, 1], 'other'),
    'create job': change(`n|namespace= from= ${PREVIEW}`, [1, 1], 'other'),
    delete: destructive(
      `${LIST} f|filename= all grace-period= force now wait ignore-not-found cascade= timeout= ${PREVIEW}`,
      [0, MANY],
    ),
    drain: destructive(
      `l|selector= ignore-daemonsets delete-emptydir-data delete-local-data force grace-period= timeout= pod-selector= ${PREVIEW}`,
      [0, MANY],
      'node',
    ),
  } satisfies Record<string, KubectlCommand>),
);

/** Other spellings of a verb or of its second word. */
export const VERB_ALIASES: ReadonlyMap<string, string> = new Map([
  ['log', 'logs'],
  ['event', 'events'],
  ['top pod', 'top pods'],
  ['top po', 'top pods'],
  ['top node', 'top nodes'],
  ['top no', 'top nodes'],
  ['create ns', 'create namespace'],
]);

/** Options that choose another cluster, user or identity than the target's. */
export const STEERING_OPTIONS: ReadonlySet<string> = new Set(
  `as as-group as-uid as-user-extra cache-dir certificate-authority client-certificate client-key cluster context disable-compression
  insecure-skip-tls-verify kubeconfig password profile profile-output raw request-timeout server tls-server-name token user username s`.split(
    /\s+/u,
  ),
);

/** Words for types that hold secret values: no step ever asks for them, whatever the spelling. */
export function isSecretType(word: string): boolean {
  return /secret/iu.test(word);
}

function read(
  options: string,
  operands: readonly [number, number] = [1, MANY],
  first: KubectlCommand['first'] = 'type',
): KubectlCommand {
  return { effect: 'read', options, operands, first };
}

function change(
  options: string,
  operands: readonly [number, number],
  first: KubectlCommand['first'] = 'type',
): KubectlCommand {
  return { effect: 'change', options, operands, first };
}

function destructive(
  options: string,
  operands: readonly [number, number],
  first: KubectlCommand['first'] = 'type',
): KubectlCommand {
  return { effect: 'destructive', options, operands, first };
}
