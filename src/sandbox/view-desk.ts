import { createHash } from 'node:crypto';
import { fillBlockIds } from './block-ids.ts';
import { VIEW_RULES } from './block-kit-data.ts';
import { checkView, problemLines } from './block-kit-rules.ts';
import { stateValues } from './input-state.ts';
import { asList, asString, isObject, type JsonObject } from './json.ts';
import type { ViewRecord } from './records.ts';
import { Refusal, refusalWithMessages } from './refusal.ts';
import type { Triggers } from './triggers.ts';
import type { Workspace } from './workspace.ts';

/** Opens, changes and closes modals and Home views, with their ids, hashes and stacks. */
export class ViewDesk {
  readonly triggers: Triggers;
  readonly #workspace: Workspace;

  constructor(workspace: Workspace, triggers: Triggers) {
    this.#workspace = workspace;
    this.triggers = triggers;
  }

  /** views.open. Errors: those of the trigger, invalid_arguments, duplicate_external_id, view_too_large. */
  open(triggerId: string, view: JsonObject): ViewRecord {
    this.#check(view, 'modal', null);
    const { user } = this.triggers.redeem(triggerId);
    return this.#place(user, view, []);
  }

  /** views.push. Errors: also push_limit_reached, not_found when no modal is open. */
  push(triggerId: string, view: JsonObject): ViewRecord {
    this.#check(view, 'modal', null);
    const { user } = this.triggers.redeem(triggerId);
    return this.pushFor(user, view);
  }

  /** The same from the answer to a submission, which needs no trigger. */
  pushFor(user: string, view: JsonObject): ViewRecord {
    this.#check(view, 'modal', null);
    const stack = this.#workspace.stacks.get(user) ?? [];
    if (stack.length === 0) throw new Refusal('not_found');
    const most = VIEW_RULES.modal.find((rule) => rule.at === 'stack')?.max_items ?? 3;
    if (stack.length >= most) throw new Refusal('push_limit_reached');
    return this.#place(user, view, stack);
  }

  /** views.update. Errors: not_found, hash_conflict, invalid_arguments, duplicate_external_id, view_too_large. */
  update(
    target: { readonly id: string; readonly externalId: string; readonly hash: string },
    view: JsonObject,
  ): ViewRecord {
    const { views } = this.#workspace;
    const current = target.id
      ? views.get(target.id)
      : views.values().find((row) => row.external_id !== '' && row.external_id === target.externalId);
    if (!current) throw new Refusal('not_found');
    if (target.hash !== '' && target.hash !== current.hash) throw new Refusal('hash_conflict');
    this.#check(view, current.type, current.id);
    return this.#replace(current, view);
  }

  /** views.publish. Errors: not_enabled, user_not_found, hash_conflict, invalid_arguments, view_too_large. */
  publish(user: string, view: JsonObject, hash: string): ViewRecord {
    if (!this.#workspace.manifest.home) throw new Refusal('not_enabled');
    this.#check(view, 'home', this.home(user)?.id ?? null);
    const person = this.#workspace.users.get(user);
    if (!person || person.deleted) throw refusalWithMessages('invalid_arguments', ['user_not_found: user_id']);
    const current = this.home(user);
    if (hash !== '' && hash !== current?.hash) throw new Refusal('hash_conflict');
    if (current) return this.#replace(current, view);
    const record = this.#record(user, view, { type: 'home', root: null, previous: null });
    this.#workspace.views.set(record.id, record);
    this.#workspace.announce({ type: 'home', user });
    return record;
  }

  home(user: string): ViewRecord | undefined {
    return this.#workspace.views.values().find((row) => row.type === 'home' && row.user === user);
  }

  /** The open modals of a person, bottom first. */
  stack(user: string): ViewRecord[] {
    return (this.#workspace.stacks.get(user) ?? []).flatMap((id) => this.#workspace.views.get(id) ?? []);
  }

  /** Closes the topmost modal, or all of them; returns what was closed, topmost first. */
  close(user: string, all: boolean): ViewRecord[] {
    const stack = this.stack(user);
    const closed = all ? stack : stack.slice(-1);
    this.#workspace.store.atomically(() => {
      for (const view of closed) this.#workspace.views.delete(view.id);
      this.#workspace.stacks.set(
        user,
        stack.slice(0, stack.length - closed.length).map((view) => view.id),
      );
    });
    if (closed.length > 0) this.#workspace.announce({ type: 'views', user });
    return closed.reverse();
  }

  /** Keeps what the person has entered so far. */
  remember(view: ViewRecord, values: JsonObject): ViewRecord {
    return this.#workspace.views.set(view.id, { ...view, values });
  }

  #check(view: JsonObject, type: 'modal' | 'home', self: string | null): void {
    const problems = checkView(view);
    const special = problems.find((problem) => problem.error !== null);
    if (special?.error) throw new Refusal(special.error);
    if (problems.length > 0) throw refusalWithMessages('invalid_arguments', problemLines(problems));
    if (view.type !== type)
      throw refusalWithMessages('invalid_arguments', [`must be ${type} [json-pointer:/view/type]`]);
    const external = asString(view.external_id) ?? '';
    const taken = this.#workspace.views.values().some((row) => row.external_id === external && row.id !== self);
    if (external !== '' && taken) throw new Refusal('duplicate_external_id');
  }

  #place(user: string, view: JsonObject, under: readonly string[]): ViewRecord {
    const { views, stacks, store } = this.#workspace;
    return store.atomically(() => {
      // views.open starts a new stack: what was open before is gone.
      if (under.length === 0) for (const old of this.stack(user)) views.delete(old.id);
      const record = this.#record(user, view, {
        type: 'modal',
        root: under[0] ?? null,
        previous: under.at(-1) ?? null,
      });
      views.set(record.id, record);
      stacks.set(user, [...under, record.id]);
      this.#workspace.announce({ type: 'views', user });
      return record;
    });
  }

  #replace(current: ViewRecord, view: JsonObject): ViewRecord {
    const filled = this.#filled(view);
    const next: ViewRecord = {
      ...current,
      hash: this.#hash(),
      view: filled,
      external_id: asString(view.external_id) ?? '',
      // What people typed stays where block_id and action_id stay.
      values: stateValues(asList(filled.blocks), current.values),
    };
    this.#workspace.views.set(next.id, next);
    this.#workspace.announce(
      current.type === 'home' ? { type: 'home', user: current.user } : { type: 'views', user: current.user },
    );
    return next;
  }

  #record(
    user: string,
    view: JsonObject,
    place: { type: 'modal' | 'home'; root: string | null; previous: string | null },
  ): ViewRecord {
    const id = this.#workspace.newId('V');
    const filled = this.#filled(view);
    return {
      id,
      user,
      type: place.type,
      hash: this.#hash(),
      root_view_id: place.root ?? id,
      previous_view_id: place.previous,
      external_id: asString(view.external_id) ?? '',
      view: filled,
      values: stateValues(asList(filled.blocks), {}),
    };
  }

  #filled(view: JsonObject): JsonObject {
    return { ...view, blocks: fillBlockIds(asList(view.blocks)) };
  }

  #hash(): string {
    const digest = createHash('sha1').update(this.#workspace.newId('')).digest('hex').slice(0, 8);
    return `${this.#workspace.seconds()}.${digest}`;
  }
}

/** A view as the Web API and payloads show it. */
export function viewJson(workspace: Workspace, record: ViewRecord): JsonObject {
  const { view } = record;
  const modal =
    record.type === 'modal'
      ? { title: view.title ?? null, close: view.close ?? null, submit: view.submit ?? null }
      : { title: { type: 'plain_text', text: 'View Title', emoji: true }, close: null, submit: null };
  return {
    id: record.id,
    team_id: workspace.team.id,
    type: record.type,
    blocks: asList(view.blocks),
    private_metadata: asString(view.private_metadata) ?? '',
    callback_id: asString(view.callback_id) ?? '',
    state: { values: record.values },
    hash: record.hash,
    ...modal,
    clear_on_close: view.clear_on_close === true,
    notify_on_close: view.notify_on_close === true,
    submit_disabled: false,
    previous_view_id: record.previous_view_id,
    root_view_id: record.root_view_id,
    app_id: workspace.app.id,
    external_id: record.external_id,
    app_installed_team_id: workspace.team.id,
    bot_id: workspace.app.botId,
  };
}

/** The view of a call. Errors: invalid_arguments. */
export function viewArgument(value: unknown): JsonObject {
  if (!isObject(value)) throw refusalWithMessages('invalid_arguments', ['must be an object [json-pointer:/view]']);
  return value;
}
