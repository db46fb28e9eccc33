/** What an encrypted way to an engine says when it lets nobody through, and what to do about it. */
const REFUSALS: readonly (readonly [RegExp, string])[] = [
  [
    /SELF_SIGNED_CERT|UNABLE_TO_(?:VERIFY|GET_ISSUER)|CERT_SIGNATURE_FAILURE|CERT_UNTRUSTED/u,
    'its certificate is signed by no authority that is trusted here; name the right file in `options.ca`',
  ],
  [
    /ERR_TLS_CERT_ALTNAME_INVALID/u,
    'its certificate is for another name; write the host as the certificate has it, or have it made anew',
  ],
  [/CERT_HAS_EXPIRED|CERT_NOT_YET_VALID/u, 'its certificate is not valid now; have it renewed'],
  [
    /ALERT_CERTIFICATE_REQUIRED|ALERT_HANDSHAKE_FAILURE/u,
    'it asks for a client certificate; give the credential `certificate` and `key`',
  ],
  [
    /ALERT_(?:UNKNOWN_CA|BAD_CERTIFICATE|CERTIFICATE_\w+|UNSUPPORTED_CERTIFICATE|ACCESS_DENIED)/u,
    'it does not take this client certificate; correct `certificate` and `key` of the credential',
  ],
  [
    /Host key verification failed/u,
    'its host key is not among the known ones; ask whoever runs the machine, then correct the file of `options.knownHosts`',
  ],
  [/Permission denied/u, 'ssh was not let in; correct `identity` of the credential, or the user in `options.host`'],
  [
    /docker: (?:command )?not found|docker system dial-stdio/u,
    'there is no docker program at the other end of ssh; install it',
  ],
];

/** Why an engine could not be asked and what to do, as the end of a sentence without its point; `said`: the error's own words. */
export function explainSilence(host: string, said: string): string {
  const found = REFUSALS.find(([pattern]) => pattern.test(said));
  if (found) return `cannot be asked at ${host}: ${found[1]}`;
  return `does not answer at ${host} (${said.replace(/[.\s]+$/u, '')}): start it, or correct the target`;
}
