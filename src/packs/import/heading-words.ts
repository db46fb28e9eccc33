import type { Phase } from '../../domain/runbook.ts';

/** `background`: explains, nothing is done there. `settings`: a section about the whole system, never a runbook. */
export type HeadingMeaning = Phase | 'background' | 'settings';

/** Headings as people write them, English and Italian: lower case, without accents, numbers and what stands in brackets. */
const WORDS: Readonly<Record<HeadingMeaning, string>> = {
  symptoms: `symptoms, symptom, signs, indicators, sintomi, sintomo, segnali, what you see, what users see, detection signals,
    how it shows, indications, observed behavior, observed behaviour, error messages, alert conditions, manifestazione`,
  blast_radius: `blast radius, impact, impatto, user impact, customer impact, business impact, affected services, affected systems,
    affected components, scope, raggio d'impatto, severity and impact, impact assessment, consequences, conseguenze, effects`,
  diagnose: `diagnose, diagnosis, diagnosi, diagnostica, diagnostics, diagnosi rapida, quick diagnosis, investigation, investigate,
    investigating, indagine, triage, discover, discovery, troubleshooting, troubleshoot, debugging, debug, analysis, analisi, checks,
    check, controlli, detection & alert, detection, detect, assess severity, determine severity, questions to answer,
    investigate root cause, pre-deployment checks, pre-checks, prechecks, verifica iniziale, root cause analysis, identify,
    identification, identificazione, validation of the alert, confirm, confirm the problem, how to check, what to check,
    possible causes, common causes, causes, cause, cause possibili, root cause, likely causes, verifying the alert,
    gather information, information gathering, health check, health checks, monitoring, status check, look around, data collection`,
  mitigate: `mitigate, mitigation, mitigazione, mitigations, azioni, actions, action, solution, solutions, soluzione, soluzioni,
    response, respond, response steps, immediate actions, immediate action, azioni immediate, common causes & solutions,
    causes and solutions, initial response, temporary mitigation, take action, remediation, remediate, rimedio, rimedi, fix, fixes,
    how to fix, containment, contenimento, contain, intervention, intervento, action plan, corrective actions, workarounds and fixes,
    deploy, preparation, during maintenance, p0 response, what to do, steps to take, first aid, quick fix, risposta, steps, passi,
    procedure, procedura, execution, esecuzione, course of action, short term, short-term fix, stabilize, stabilise, eradication, mitigation steps`,
  recover: `recover, recovery, ripristino, recupero, resolution, resolve, resolving, risoluzione, restore, restoration, rollback,
    roll back, recovery steps, restart, riavvio, se dati persi, worker recovery, restart redis, restore configurations,
    restore monitoring stack, provision new cluster, quick reference, permanent fix, long term, long-term fix, repair, riparazione,
    return to normal, back to normal, revert`,
  verify: `verify, verification, verifica, verifiche, verifica recovery, verifica dati, verify recovery, verify resolution, validation,
    validate, validazione, post-deployment verification, post-maintenance, post-checks, postchecks, post-recovery checks,
    confirm resolution, success criteria, how to verify, acceptance, smoke tests, confirm recovery, check recovery`,
  escalate: `escalate, escalation, escalation path, escalations, escalation policy, escalazione, communicate status, communication,
    comunicazione, notify, notification, notifications, who to contact, when to escalate, create incident channel,
    update stakeholders every 15-30 minutes, schedule maintenance window, internal communication, stakeholder communication, ask for help`,
  workaround: `workaround, workarounds, soluzione temporanea, soluzioni temporanee, temporary workaround, temporary fix,
    implement periodic restarts, aggiramento`,
  emergency: `emergency, emergency procedure, emergency procedures, emergenza, procedura di emergenza, emergency shutdown,
    break glass, last resort, emergency response`,
  after: `after, post-incident, post incident, post-incidente, post incidente, post-mortem, postmortem, post mortem, debrief,
    follow-up, follow up, followup, after the incident, dopo l'incidente, lessons learned, post-incident review, prevention,
    prevenzione, post-incident actions, retrospective, cleanup, clean up, pulizia, long-term actions, next steps, post-resolution`,
  background: `meaning, significato, summary, sommario, overview, panoramica, introduction, introduzione, background, description,
    descrizione, context, contesto, purpose, scopo, goal, objective, obiettivo, about, notes, note, additional notes, details,
    additional information, architecture, architettura, how it works, prerequisites, prerequisiti, requirements, requisiti,
    assumptions, alert definition, alert, alert details, alert expression, trigger, triggers, threshold, explanation, full context,
    service level objective, quick facts, key concepts, when to use, example, examples, esempio, esempi, glossary, glossario, warning, attention`,
  settings: `table of contents, contents, indice, toc, contacts, contatti, contact information, emergency contacts, external contacts,
    contatti & risorse, on-call rotation, communication channels, resources, additional resources, risorse, references, riferimenti,
    related, related links, related documents, related runbooks, see also, links, link utili, useful links, further reading,
    severity levels, severity, severity definitions, severity classification, livelli di severita, classificazione severita,
    escalation matrix, matrice di escalation, blast radius matrix, metric thresholds, critical thresholds, warning thresholds,
    alert thresholds, soglie, key metrics to monitor, key metrics, application metrics, infrastructure metrics, database metrics,
    business metrics, metriche, dashboards, dashboard, version history, changelog, change log, revision history, cronologia versioni,
    document history, authors, owners, ownership, license, tags, documentation, documentazione, service information`,
};

/** More headings from the configuration: what is written there comes before what is built in. */
export type PhaseWords = Readonly<Partial<Record<Phase, readonly string[]>>>;

const TABLE: ReadonlyMap<string, HeadingMeaning> = new Map(
  Object.entries(WORDS).flatMap(([meaning, words]) =>
    words.split(',').map((word) => [word.replace(/\s+/gu, ' ').trim(), meaning as HeadingMeaning] as const),
  ),
);

const FILLER =
  /\b(?:the|a|an|this|alert|issue|problem|problema|steps?|procedures?|process|guide|commands?|possible|potential|recommended|suggested|detailed|quick|initial|basic|common|immediate|general|additional|further|how to|il|la|lo|i|gli|le|del|della|di|passi|rapida|rapidi|comandi|section|phase|stage|fase|actions?|options?|instructions|runbook|plan|tasks?)\b/gu;

/** The bare words of a heading: no numbers in front, brackets, signs or accents. */
export function plainHeading(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/gu, '')
    .toLowerCase()
    .replaceAll(/\([^)]*\)|\[[^\]]*\]/gu, ' ')
    .replace(/^[^a-z0-9]+/u, '')
    .replace(
      /^(?:(?:step|phase|stage|fase|passo|part|parte|section|sezione)\s*)?\d+(?:\.\d+)*\s*(?:[.):–—-]|\s)\s*/u,
      '',
    )
    .replaceAll(/[^a-z0-9&/'\s-]/gu, ' ')
    .replaceAll(/\s+/gu, ' ')
    .trim();
}

/** What a heading means; null when its words say nothing. `more` comes from the configuration. */
export function meaningOf(heading: string, more: PhaseWords = {}): HeadingMeaning | null {
  if (heading.length > 120) return null;
  const plain = plainHeading(heading);
  if (plain === '') return null;
  for (const [phase, words] of Object.entries(more)) {
    if (words.some((word) => plainHeading(word) === plain)) return phase as Phase;
  }
  const exact = TABLE.get(plain);
  if (exact) return exact;
  const bare = plain.replaceAll(FILLER, ' ').replaceAll(/\s+/gu, ' ').trim();
  if (TABLE.has(bare)) return TABLE.get(bare) ?? null;
  const parts = plain.split(/\s*(?:\/|&|,|\band\b|\bor\b|\be\b)\s*/u).filter((part) => part !== '');
  if (parts.length < 2) return null;
  const meanings = parts.map((part) => TABLE.get(part) ?? TABLE.get(part.replaceAll(FILLER, ' ').trim()) ?? null);
  return meanings[0] ?? meanings.find((meaning) => meaning !== null && meanings.length === 2) ?? null;
}

/** True when the meaning is a phase of a runbook. */
export function isPhase(meaning: HeadingMeaning | null): meaning is Phase {
  return meaning !== null && meaning !== 'background' && meaning !== 'settings';
}
