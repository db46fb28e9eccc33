import type { KubeResource } from './kube-request.ts';

/** group/version: plural kind short names (comma) and whether cluster-wide (!) or in the category all (*). Source: the API reference of 1.32. */
const TABLE = `
v1: pods Pod po *
v1: replicationcontrollers ReplicationController rc *
v1: services Service svc *
v1: configmaps ConfigMap cm
v1: endpoints Endpoints ep
v1: events Event ev
v1: limitranges LimitRange limits
v1: namespaces Namespace ns !
v1: nodes Node no !
v1: persistentvolumeclaims PersistentVolumeClaim pvc
v1: persistentvolumes PersistentVolume pv !
v1: podtemplates PodTemplate
v1: resourcequotas ResourceQuota quota
v1: secrets Secret
v1: serviceaccounts ServiceAccount sa
apps/v1: controllerrevisions ControllerRevision
apps/v1: daemonsets DaemonSet ds *
apps/v1: deployments Deployment deploy *
apps/v1: replicasets ReplicaSet rs *
apps/v1: statefulsets StatefulSet sts *
autoscaling/v2: horizontalpodautoscalers HorizontalPodAutoscaler hpa *
batch/v1: cronjobs CronJob cj *
batch/v1: jobs Job *
coordination.k8s.io/v1: leases Lease
discovery.k8s.io/v1: endpointslices EndpointSlice
networking.k8s.io/v1: ingresses Ingress ing
networking.k8s.io/v1: networkpolicies NetworkPolicy netpol
networking.k8s.io/v1: ingressclasses IngressClass !
policy/v1: poddisruptionbudgets PodDisruptionBudget pdb
rbac.authorization.k8s.io/v1: clusterrolebindings ClusterRoleBinding !
rbac.authorization.k8s.io/v1: clusterroles ClusterRole !
rbac.authorization.k8s.io/v1: rolebindings RoleBinding
rbac.authorization.k8s.io/v1: roles Role
scheduling.k8s.io/v1: priorityclasses PriorityClass pc !
storage.k8s.io/v1: csinodes CSINode !
storage.k8s.io/v1: storageclasses StorageClass sc !
storage.k8s.io/v1: volumeattachments VolumeAttachment !
apiextensions.k8s.io/v1: customresourcedefinitions CustomResourceDefinition crd,crds !
apiregistration.k8s.io/v1: apiservices APIService !
admissionregistration.k8s.io/v1: mutatingwebhookconfigurations MutatingWebhookConfiguration !
admissionregistration.k8s.io/v1: validatingwebhookconfigurations ValidatingWebhookConfiguration !
metrics.k8s.io/v1beta1: nodes NodeMetrics !
metrics.k8s.io/v1beta1: pods PodMetrics
`;

/** Types that every cluster serves, so that an ordinary command needs no discovery. */
export const KNOWN_TYPES: readonly KubeResource[] = TABLE.trim()
  .split('\n')
  .map((line) => {
    const [place = '', plural = '', kind = '', ...rest] = line.replace(':', '').split(' ');
    const [group, version] = place.includes('/') ? place.split('/') : ['', place];
    return {
      group: group ?? '',
      version: version ?? '',
      plural,
      singular: kind.toLowerCase(),
      kind,
      namespaced: !rest.includes('!'),
      shortNames: rest.filter((word) => /^[a-z]/u.test(word)).flatMap((word) => word.split(',')),
      categories: rest.includes('*') ? ['all'] : [],
    };
  });

/** The type of that plural in a group. Throws when the table lacks it. */
export function knownType(plural: string, group?: string): KubeResource {
  const found = KNOWN_TYPES.find((type) => type.plural === plural && (group === undefined || type.group === group));
  if (!found) throw new Error(`unknown type ${plural}`);
  return found;
}

/** Whether `word` (`po`, `Pods`, `deployments.apps`, `deployments.v1.apps`) names that type. */
export function isNamed(type: KubeResource, word: string): boolean {
  const [name = '', ...rest] = word.toLowerCase().split('.');
  const named = [type.plural, type.singular, ...type.shortNames, type.kind.toLowerCase()].includes(name);
  if (!named || rest.length === 0) return named && (rest.length > 0 || type.group !== 'metrics.k8s.io');
  const suffix = rest.join('.').replace(/\.$/u, '');
  return suffix === type.group || suffix === `${type.version}.${type.group}`.replace(/\.$/u, '');
}

/** `pod/web`, `deployment.apps/web`: how kubectl names one object. */
export function objectName(type: KubeResource, name: string): string {
  return `${typeName(type)}/${name}`;
}

/** `pod`, `deployment.apps`. */
export function typeName(type: KubeResource): string {
  return type.group === '' ? type.singular : `${type.singular}.${type.group}`;
}

/** `v1`, `apps/v1`. */
export function apiVersion(type: KubeResource): string {
  return type.group === '' ? type.version : `${type.group}/${type.version}`;
}
