import { html } from 'hono/html';
import type { Run, StepRun } from '../domain/run.ts';
import { plural } from '../lib/text.ts';
import type { SecretForm } from '../runs/give-secret.ts';
import { type Html, pageFrame, sentencePage } from './page-frame.ts';

/** Name of the input of a secret parameter. */
export const FIELD = 'secret:';

/** The form on which one person gives the secrets of a step. */
export function secretPage(form: SecretForm, problem: string | null): Html {
  const title = form.params.length > 1 ? 'Give the secrets' : 'Give the secret';
  const fields = form.params.map(
    ({ name, description }, index) => html`<label>${name}
${description ? html`<small>${description}</small>` : ''}
<input type="password" name="${FIELD}${name}" required autocomplete="off" autocapitalize="off" spellcheck="false"${index === 0 ? html` autofocus` : ''}></label>`,
  );
  return pageFrame({
    title,
    body: html`<h1>${title}: ${form.stepRun.title}</h1>
${about(form, form.askedBy)}
<pre>${form.stepRun.display}</pre>
${problem === null ? '' : html`<p class="bad" role="alert">${problem}</p>`}
<form method="post">${fields}
<p class="soft">It is held in the memory of this Warroom until the step has run, used once, and neither stored nor shown to anybody. ${
      form.stepRun.secretsWanted > 1
        ? `The step needs ${form.stepRun.secretsWanted} people; nobody sees what the others give.`
        : ''
    }</p>
<button>Give it</button></form>`,
  });
}

/** Said when it was taken. */
export function givenPage({ given, wanted }: { given: number; wanted: number }): Html {
  const left = wanted - given;
  const then =
    left > 0
      ? `${given} of ${wanted} are given; ${plural(left, 'person', 'people')} more, and the step runs.`
      : 'Everything is there: the step runs now. Its card in Slack says how it ends.';
  return sentencePage('Thank you', `${then} You can close this page.`);
}

/** Asks before sensitive output is shown, so that nothing that opens links by itself uses it up. */
export function outputGate(page: { readonly stepRun: StepRun; readonly run: Run }): Html {
  return pageFrame({
    title: 'Sensitive output',
    body: html`<h1>Output of “${page.stepRun.title}”</h1>
${about(page, null)}
<p>It is shown once through this link, to you, and the audit log says so.</p>
<form method="post"><button>Show it</button></form>`,
  });
}

/** The output itself. */
export function outputPage(page: {
  readonly stepRun: StepRun;
  readonly run: Run;
  readonly output: string;
  readonly omittedBytes: number;
}): Html {
  return pageFrame({
    title: 'Sensitive output',
    wide: true,
    body: html`<h1>Output of “${page.stepRun.title}”</h1>
${about(page, null)}
<pre>${page.output === '' ? '(nothing)' : page.output}</pre>
${page.omittedBytes > 0 ? html`<p class="soft">${plural(page.omittedBytes, 'byte')} in the middle were not kept.</p>` : ''}
<p class="soft">Known secrets are masked here as everywhere.</p>`,
  });
}

function about({ run, stepRun }: { readonly run: Run; readonly stepRun: StepRun }, askedBy: string | null): Html {
  return html`<dl>
<dt>Step</dt><dd>${stepRun.title} (${run.runbook})</dd>
<dt>Target</dt><dd>${run.system}/${stepRun.target}</dd>
${askedBy === null ? '' : html`<dt>Asked by</dt><dd>${askedBy}</dd><dt>Why</dt><dd>${stepRun.reason || '–'}</dd>`}
</dl>`;
}
