import { expect, it, vi } from 'vitest';
import { HUB, type Story, startStory } from '../support/story.ts';
import { readableText } from '../support/transcript.ts';

vi.setConfig({ testTimeout: 60_000 });

async function incidents(story: Story): Promise<number> {
  const { rows } = await story.db.pool.query<{ n: number }>('select count(*)::int as n from incidents');
  return rows[0]?.n ?? -1;
}

it('refuses a declaration that says nothing, too much, or nothing but emoji, each with one sentence below its field', async () => {
  const story = await startStory();
  const { nadia } = story;
  await nadia.types(HUB, '/incident declare');
  const form = await nadia.seesModal('Declare an incident');
  await form.press('System', 'auto-broker');
  await nadia.until('the levels of Auto-Broker', {}, () => form.text.includes('severity:auto-broker'));
  expect(form.text).toContain('The service is down and no quote can be produced');
  form.fill({ 'severity:auto-broker': 'SEV4' });
  const refused: readonly (readonly [Record<string, string>, string, RegExp])[] = [
    [{ title: '   ' }, 'title', /./u],
    [{ title: '🔥🔥🔥' }, 'title', /needs words, not only symbols/u],
    [{ title: ':fire: :fire:' }, 'title', /needs words, not only symbols/u],
    [{ title: '<!channel>' }, 'title', /needs words, not only symbols/u],
    [{ title: 'x'.repeat(3_001) }, 'title', /./u],
    [{ title: 'y'.repeat(2_999) }, 'title', /has 2,999 characters; shorten it to \d+/u],
  ];
  for (const [values, field, sentence] of refused) {
    const errors = await form.fill(values).submitForErrors();
    expect(errors[field], JSON.stringify(values).slice(0, 40)).toMatch(sentence);
    expect(Object.keys(errors)).toEqual([field]);
  }
  form.fill({ title: 'Quotes fail', impact: 'z'.repeat(3_001) });
  expect(Object.keys(await form.submitForErrors())).toEqual(['impact']);
  expect(await incidents(story)).toBe(0);
  await form.fill({ impact: '' }).submit();
  await story.settle();
  expect(await incidents(story)).toBe(1);
  for (const [typed, answer] of [
    [`/incident update 1 ${'u'.repeat(3_001)}`, 'The update has 3,001 characters; shorten it to 3,000.'],
    ['/incident severity SEV5 1', 'Auto-Broker has no severity “SEV5”'],
    ['/incident severity 🔥 1', '“🔥” is not a severity; write one such as SEV2.'],
  ] as const) {
    await nadia.types(HUB, typed);
    await nadia.seesMessage(HUB, answer);
  }
  await nadia.types(HUB, '/incident resolve 1');
  const resolve = await nadia.seesModal('Resolve incident 1');
  expect(await resolve.submitForErrors()).toHaveProperty('summary');
  expect(await resolve.fill({ summary: ' \n ' }).submitForErrors()).toHaveProperty('summary');
  await resolve.close();
  story.transcript.ignore(/Quotes fail/u);
  story.expectNothingElse();
});

it('never lets a mention, a link or a format in a title act, wherever it is shown', async () => {
  const story = await startStory();
  const { nadia } = story;
  const title = 'DB <!channel> <@U0APPROVE1> @here #general <http://evil.example|ok> *bold* `code`';
  await story.declare({ title, system: 'warroom', severity: 'SEV1', impact: 'None <!here> <!everyone> <@U0APPROVE1>' });
  await nadia.types(HUB, `/incident update 1 ${title}`);
  await nadia.seesMessage(HUB, 'Your update on incident 1 is on its way.');
  await nadia.types(HUB, '/incident list');
  await nadia.types(HUB, '/incident status 1');
  await nadia.types(HUB, '/incident timeline 1');
  await nadia.seesMessage(HUB, 'Timeline of incident 1');
  await nadia.types(HUB, '/incident resolve 1');
  await (await nadia.seesModal('Resolve')).fill({ summary: title }).submit();
  await story.settle();
  const { workspace } = story.sandbox;
  const rows = [...workspace.channels.values()].flatMap((channel) => [...workspace.messages(channel.id).values()]);
  const ours = rows.filter((row) => row.user === workspace.app.botUser && !/^channel_/u.test(row.subtype ?? ''));
  expect(ours.length).toBeGreaterThan(6);
  for (const row of ours) {
    for (const text of live(row)) {
      expect(text).not.toMatch(
        /<!(?:channel|here|everyone)|<@U0APPROVE1>|@(?:here|channel|everyone)\b|<http:\/\/evil/u,
      );
    }
  }
  const room = [...workspace.channels.values()].find((channel) => channel.name.startsWith('inc-1'));
  expect(room?.name).toMatch(/^[a-z0-9-]{1,80}$/u);
  expect(room?.topic.value).not.toMatch(/<[!@#h]|@here|:\/\//u);
  const timeline = await nadia.readsFile('incident-1-db-channel-u0approve1-here-general-http-timeline.md');
  expect(timeline).toContain(title);
  // Nobody was called by it: the approver is in no new room.
  expect(room?.members).not.toContain('U0APPROVE1');
  story.transcript.ignore(/./su);
  story.expectNothingElse();
});

it('keeps a title of 120 characters within every limit of Slack', async () => {
  const story = await startStory();
  const title = `Überlange & <schwierige> Störung ${'„Auftrag“ & '.repeat(12)}`.slice(0, 119).padEnd(120, 'x');
  expect(title).toHaveLength(120);
  for (const [system, severity] of [
    ['warroom', 'SEV2'],
    ['auto-broker', 'SEV1'],
  ] as const) {
    await story.declare({ title, system, severity, impact: '&'.repeat(2_900) });
  }
  for (const number of [1, 2]) {
    await story.nadia.types(HUB, `/incident resolve ${number}`);
    await (await story.nadia.seesModal(`Resolve incident ${number}`)).fill({ summary: '&<>'.repeat(900) }).submit();
    await story.nadia.seesNoModal();
    await story.settle();
  }
  const closings = [...story.sandbox.workspace.channels.values()].flatMap((channel) =>
    [...story.sandbox.workspace.messages(channel.id).values()].filter((row) =>
      / is resolved\*/u.test(readableText(row)),
    ),
  );
  expect(closings).toHaveLength(2);
  story.transcript.ignore(/./su);
  story.transcript.ignore(/^$/u);
  story.expectNothingElse();
});

/** The texts of a message in which Slack looks for markup: its own text and every mrkdwn object. */
function live(row: { text: string; blocks: readonly unknown[] }): string[] {
  const texts = [row.text];
  const walk = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(walk);
    else if (typeof value === 'object' && value !== null) {
      if ('type' in value && value.type === 'mrkdwn' && 'text' in value) texts.push(String(value.text));
      if ('type' in value && (value.type === 'user' || value.type === 'broadcast' || value.type === 'link')) {
        texts.push(JSON.stringify(value).replace(/.*U0APPROVE1.*/u, '<@U0APPROVE1>'));
      }
      Object.values(value).forEach(walk);
    }
  };
  walk(row.blocks);
  return texts;
}
