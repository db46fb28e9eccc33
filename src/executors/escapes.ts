import type { Language } from '../domain/runbook.ts';

/**
 * What `warroom doctor` tries with the read credential, for each language a few of the ways out that the tests of the executors
 * know. Reviewed: every one of these is handed to `Executor.prepare`, which sends nothing. Beyond that only what
 * the module of the language sends is sent, and each of them says why it is harmless when nothing stops it. Names end in
 * `warroom_doctor` or `warroom-doctor`, so that whoever finds one in a log knows where it comes from.
 */
export const ESCAPES: Readonly<Record<Language, readonly string[]>> = {
  sql: [
    'create temporary table warroom_doctor (x integer)',
    'select 1 as x into temporary table warroom_doctor',
    "select set_config('transaction_read_only', 'off', true)",
    'select 1; create temporary table warroom_doctor (x integer)',
    'set transaction read write',
    'commit',
    "select nextval('warroom_doctor')",
    "select pg_notify('warroom_doctor', '')",
    "copy (select 1) to program 'true'",
    'do $$ begin perform 1; end $$',
  ],
  redis: [
    'SET warroom:doctor 1',
    'GETDEL warroom:doctor',
    'EVAL "return 1" 0',
    'SORT warroom:doctor STORE warroom:doctor',
    'PUBLISH warroom:doctor 1',
    'CONFIG SET lua-time-limit 5000',
    'FLUSHDB',
    '"\\x53ET" warroom:doctor 1',
  ],
  http: [
    'DELETE /warroom-doctor',
    'POST /warroom-doctor',
    'PUT /warroom-doctor',
    'PATCH /warroom-doctor',
    'OPTIONS /warroom-doctor',
    'GET http://169.254.169.254/warroom-doctor',
    'GET //warroom-doctor.invalid/',
    'GET /../warroom-doctor',
  ],
  kubectl: [
    'kubectl delete configmap warroom-doctor --dry-run=server',
    'kubectl scale deployment warroom-doctor --replicas=0',
    'kubectl exec warroom-doctor -- true',
    'kubectl cordon warroom-doctor',
    'kubectl get secrets',
  ],
  docker: [
    'docker restart warroom-doctor',
    'docker exec warroom-doctor true',
    'docker rm warroom-doctor',
    'docker system prune',
    'docker run busybox true',
  ],
  sh: [
    'touch warroom-doctor',
    'echo 1 > warroom-doctor',
    'echo "$(touch warroom-doctor)"',
    'find . -name warroom-doctor -delete',
    "sed -i 's/a/b/' warroom-doctor",
    'awk \'BEGIN { system("touch warroom-doctor") }\'',
    'PATH=. ls',
    'ls | xargs touch',
  ],
  // A query is all that is ever sent: what would be another request is no query.
  promql: [
    'DELETE warroom_doctor',
    'warroom_doctor; drop',
    '/api/v1/admin/tsdb/delete_series?match[]=warroom_doctor',
    'warroom_doctor\nPOST /-/quit',
  ],
  // A connection, a name or an echo: nothing is written to whoever answers, and nothing is repeated at will.
  probe: ['tcp 443 send=QUIT', 'ping -f', 'ping 100000', 'dns UPDATE', 'dns AXFR', 'exec touch warroom-doctor'],
};

/** What reads next to nothing and shows that the target answers to the read credential; null where nothing is asked. */
export const LOOKS: Readonly<Record<Language, string | null>> = {
  sql: 'select 1',
  redis: 'PING',
  http: 'HEAD /',
  kubectl: 'kubectl get pods',
  docker: 'docker ps',
  sh: 'pwd',
  promql: 'vector(1)',
  probe: 'dns',
};
