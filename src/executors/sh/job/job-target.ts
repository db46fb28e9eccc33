import { z } from 'zod';
import { UserError } from '../../../lib/errors.ts';
import type { CredentialName, LoadedSecrets } from '../../credential.ts';
import {
  type ClusterCredential,
  clusterCredential,
  clusterOptions,
  type KubePlace,
  namesOneCluster,
  ONE_CLUSTER,
  reachCluster,
} from '../../kube/cluster.ts';

const name = (what: string) =>
  z.string({ error: `name ${what}` }).regex(/^[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?$/u, `write the name of ${what}`);
const quantity = z
  .string()
  .regex(/^[1-9]\d{0,9}(?:\.\d{1,3})?(?:m|k|M|G|T|Ki|Mi|Gi|Ti)?$/u, 'write a quantity such as 500m, 256Mi or "2"');
const labelPart = /^[A-Za-z0-9](?:[-A-Za-z0-9_./]{0,251}[A-Za-z0-9])?$/u;

/** The part `options.job` of a target: where Jobs are made and of what. */
export const jobOptions = z
  .strictObject({
    ...clusterOptions,
    /** Where Jobs, their pods and their Secrets are made. */
    namespace: name('the namespace in which the Jobs are made'),
    image: z
      .string({ error: 'name the image in which scripts run, best by its digest: registry/name@sha256:…' })
      .regex(/^[A-Za-z0-9][A-Za-z0-9._/:@-]{0,499}$/u, 'write an image such as registry/name@sha256:…'),
    /** Secrets of the namespace with which the image is pulled. */
    pullSecrets: z.array(name('a Secret for pulling images')).min(1).optional(),
    /** What the pod may take at most; it is also what the scheduler reserves. */
    limits: z.strictObject({ cpu: quantity.optional(), memory: quantity.optional() }).optional(),
    /** Labels of the nodes that may run it. */
    nodeSelector: z.record(z.string().regex(labelPart), z.string().regex(labelPart)).optional(),
    /** The user that scripts run as; never root. */
    user: z.int().min(1).max(2_147_483_647).default(65_534),
  })
  .refine(namesOneCluster, { error: ONE_CLUSTER });

/** What a credential is made of that makes Jobs. */
export const jobCredential = {
  ...clusterCredential,
  /** The service account as which scripts run; without it their pod has no token of the cluster. */
  serviceAccount: name('a service account').optional(),
};
type JobCredential = ClusterCredential & { readonly serviceAccount?: string | undefined };

/** Where a Job is made and what its pod looks like, for one credential. */
export type JobPlace = {
  readonly cluster: KubePlace;
  readonly namespace: string;
  readonly image: string;
  readonly pullSecrets: readonly string[];
  readonly serviceAccount: string | null;
  readonly limits: { readonly cpu?: string | undefined; readonly memory?: string | undefined };
  readonly nodeSelector: Readonly<Record<string, string>> | null;
  readonly user: number;
};

/** Enters the cluster with one credential. Throws UserError `target_invalid` or what resolving a secret throws. */
export async function jobPlace(
  options: z.output<typeof jobOptions>,
  login: JobCredential,
  use: { target: string; secrets: LoadedSecrets },
): Promise<JobPlace> {
  return {
    cluster: await reachCluster(options, login, use),
    namespace: options.namespace,
    image: options.image,
    pullSecrets: options.pullSecrets ?? [],
    serviceAccount: login.serviceAccount ?? null,
    limits: options.limits ?? {},
    nodeSelector: options.nodeSelector ?? null,
    user: options.user,
  };
}

type Logins = Readonly<Record<CredentialName, JobCredential | null>>;

/** Problems that the parts of a target have only together, one sentence each. `job` is absent for a target that runs scripts elsewhere. */
export function jobProblems(
  job: z.output<typeof jobOptions> | undefined,
  logins: Logins,
  parts: { ssh: boolean; cwd: string | undefined },
): string[] {
  if (job === undefined) {
    return (['read', 'write'] as const).flatMap((part) => {
      const { token, kubeconfig, context, serviceAccount } = logins[part] ?? {};
      if ((token ?? kubeconfig ?? context ?? serviceAccount) === undefined) return [];
      return [
        `\`${part}\`: \`token\`, \`kubeconfig\`, \`context\` and \`serviceAccount\` need \`options.job\`: name cluster, namespace and image there.`,
      ];
    });
  }
  const { read, write } = logins;
  const problems: string[] = [];
  if (parts.ssh) problems.push('`options`: a script runs in one place: name `ssh` or `job`, not both.');
  if (parts.cwd !== undefined && !parts.cwd.startsWith('/'))
    problems.push('`options.cwd`: a folder inside of the image: write an absolute path.');
  if (read?.serviceAccount !== undefined && read.serviceAccount === write?.serviceAccount)
    problems.push(
      '`read.serviceAccount`: this is the service account of `write` too: name one that may only read, or none.',
    );
  return [...problems, ...tokenProblems(job, logins)];
}

/** An address alone says where the cluster is, and not who asks. */
function tokenProblems(job: z.output<typeof jobOptions>, logins: Logins): string[] {
  if (!job.server?.startsWith('https:')) return [];
  return (['read', 'write'] as const).flatMap((part) => {
    const login = logins[part];
    if (login === null || (login.token ?? login.kubeconfig) !== undefined) return [];
    return [`\`${part}.token\`: the cluster wants to know who asks: write \`token: { secret: env:NAME }\`.`];
  });
}

/** Throws UserError `statement_invalid` for a script that no kernel takes as one argument. */
export function refuseLongScript(script: string): void {
  if (Buffer.byteLength(script) <= 100_000) return;
  throw new UserError(
    'statement_invalid',
    'The script is longer than 100,000 bytes, which a Job does not take: put it into the image and call it.',
  );
}
