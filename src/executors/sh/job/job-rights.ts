import { messageOf } from '../../../lib/errors.ts';
import type { DeeperLayers, DeeperUse } from '../../examination.ts';
import { reviewAccess } from '../../kube/access-review.ts';
import { KubeConnection, KubeConnectionError } from '../../kube/kube-http.ts';
import { shellPlace } from '../sh-target.ts';
import type { JobPlace } from './job-target.ts';

type Wanted = {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource: string | null;
};
const right = (verb: string, resource: string, group = ''): Wanted => {
  const [plural = '', subresource = null] = resource.split('/');
  return { verb, group, resource: plural, subresource };
};

/** Without these no script runs, or nobody sees how it ends. */
const NEEDED = [
  right('create', 'jobs', 'batch'),
  right('get', 'jobs', 'batch'),
  right('delete', 'jobs', 'batch'),
  right('list', 'pods'),
  right('get', 'pods/log'),
];
/** Needed as soon as a value is secret. */
const NEEDED_FOR_SECRETS = [right('create', 'secrets'), right('delete', 'secrets')];
/** What nobody needs who runs scripts. */
const TOO_MUCH = [right('get', 'secrets'), right('list', 'secrets'), right('create', 'pods/exec')];

const nameOf = ({ verb, resource, subresource }: Wanted) =>
  `${verb} ${resource}${subresource === null ? '' : `/${subresource}`}`;

/**
 * Asks the cluster of a target's Jobs whether the read credential may do what running a script takes, and no more. Makes no Job: a
 * doctor changes nothing. Null for a target that runs scripts elsewhere.
 */
export async function askAboutJobs(use: DeeperUse): Promise<DeeperLayers | null> {
  if (use.target.options.job === undefined) return null;
  const { job, secretNames } = await shellPlace(use.target, 'read', use.secrets);
  if (job === null) return null;
  const needed = secretNames.size > 0 ? [...NEEDED, ...NEEDED_FOR_SECRETS] : NEEDED;
  const remarks = remarksOn(job);
  const connection = new KubeConnection(job.cluster);
  try {
    const missing = await which(connection, { rights: needed, answer: false, job, signal: use.signal });
    const excess = await which(connection, { rights: TOO_MUCH, answer: true, job, signal: use.signal });
    const who = `The read credential of ${use.target.name}`;
    const findings = [
      ...(missing.length === 0
        ? []
        : [
            `${who} may not ${missing.join(', ')} in ${job.namespace}: bind its account to a role that lets it run Jobs.`,
          ]),
      ...(excess.length === 0
        ? []
        : [`${who} may ${excess.join(', ')} in ${job.namespace}: take that out of its role, no script needs it.`]),
    ];
    return { findings, remarks, layers: new Map(), reached: true };
  } catch (error) {
    if (!(error instanceof KubeConnectionError)) throw error;
    const why = messageOf(error).replace(/[.\s]+$/u, '');
    const silent = `The cluster does not answer at ${job.cluster.server.origin} (${why}): check that it runs and that the address is right.`;
    return { findings: [silent], remarks, layers: new Map(), reached: false };
  } finally {
    connection.close();
  }
}

/** The rights to which the cluster gives that answer. */
async function which(
  connection: KubeConnection,
  ask: { rights: readonly Wanted[]; answer: boolean; job: JobPlace; signal: AbortSignal },
): Promise<string[]> {
  const { namespace } = ask.job;
  const found: string[] = [];
  for (const one of ask.rights) {
    const { allowed } = await reviewAccess(connection, { ...one, namespace }, ask.signal);
    if (allowed === ask.answer) found.push(nameOf(one));
  }
  return found;
}

function remarksOn({ image, namespace }: JobPlace): string[] {
  return [
    `Whoever may make Jobs in ${namespace} may run them as every service account there and with every Secret: give scripts a namespace of their own.`,
    ...(image.includes('@')
      ? []
      : [`${image} may be another image tomorrow: name it by its digest, so that what was approved is what runs.`]),
  ];
}
