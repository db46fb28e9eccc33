import path from 'node:path';
import { z } from 'zod';
import type { TargetDefinition } from '../../domain/system.ts';
import { type CredentialName, definitionProblems, type LoadedSecrets, readTarget } from '../credential.ts';
import {
  clusterCredential,
  clusterOptions,
  type KubePlace,
  namesOneCluster,
  namespaceName,
  ONE_CLUSTER,
  reachCluster,
} from '../kube/cluster.ts';
import type { Pod } from '../kube/in-cluster.ts';

const options = z
  .strictObject({
    ...clusterOptions,
    /** Where commands without -n look. */
    namespace: namespaceName.optional(),
    /** The only namespaces that steps may name; every one without it. */
    namespaces: z.array(namespaceName).min(1).optional(),
    /** The only folder that `cp` reads from and writes to; without it `cp` is refused. */
    files: z.string().min(1).optional(),
  })
  .refine(namesOneCluster, { error: ONE_CLUSTER });

const shape = { options, credential: z.strictObject(clusterCredential) };

/** Problems of a target of this executor, one sentence each. */
export function kubectlTargetProblems(target: TargetDefinition): string[] {
  return definitionProblems(target, shape);
}

/** The cluster of a target, with the named credential alone. Throws UserError `target_invalid` or what resolving a secret throws. */
export async function kubePlace(
  target: TargetDefinition,
  use: { credential: CredentialName; secrets: LoadedSecrets; pod?: Pod | undefined },
): Promise<KubePlace> {
  const { place, login } = readTarget(target, use.credential, shape);
  const cluster = await reachCluster(place, login, { target: target.name, ...use });
  return {
    ...cluster,
    namespaces: place.namespaces ?? null,
    files: place.files === undefined ? null : path.resolve(place.files),
  };
}
