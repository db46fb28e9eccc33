import { WebAPIHTTPError, WebAPIPlatformError, WebAPIRateLimitedError, WebAPIRequestError } from '@slack/web-api';

/** Why a call to Slack failed, and what follows from it. */
export type SlackFailure = {
  /** Slack's own name of the error, or `http_503`, `network_ECONNRESET`, `timeout`. Stable: for code, logs and tests. */
  readonly code: string;
  readonly retry: boolean;
  /** Slack may have done it all the same. */
  readonly uncertain: boolean;
  /** For people: what is wrong, as a clause. */
  readonly reason: string;
  /** Not before that many milliseconds; 0 when Slack asked for nothing. */
  readonly afterMs: number;
};

type Facts = { readonly retry: boolean; readonly uncertain: boolean; readonly reason: string };

const TOKEN_REFUSED = 'account_inactive invalid_auth not_authed token_expired token_revoked';

/**
 * Every error that Slack documents for the methods we use. The groups are what follows from an error, not what it is
 * about. A test compares the table with Slack's list.
 */
const GROUPS: readonly (Facts & { readonly names: string })[] = [
  {
    // Documented as "some aspect of the operation may have succeeded before the error was raised".
    names: 'fatal_error internal_error',
    retry: true,
    uncertain: true,
    reason: 'Slack had an error of its own',
  },
  {
    names: 'ratelimited rate_limited too_many_requests message_limit_exceeded',
    retry: true,
    uncertain: false,
    reason: 'Slack limits how often we may call',
  },
  {
    names: `accesslimited external_channel_migrating fail_to_get_teams_for_restricted_user fetch_members_failed
      file_update_failed list_record_comment_fetch_failed org_login_required request_timeout service_unavailable
      streaming_state_conflict team_added_to_org unable_to_share_files update_failed users_not_found`,
    retry: true,
    uncertain: false,
    reason: 'Slack cannot do it at the moment',
  },
  {
    // Nothing at all can be said in Slack until somebody gives us a new token: pages wait for it instead of being given up.
    names: TOKEN_REFUSED,
    retry: true,
    uncertain: false,
    reason: 'Slack does not accept the token of the bot',
  },
  {
    names: `access_denied as_user_not_supported deprecated_endpoint ekm_access_denied enterprise_is_restricted
      metadata_must_be_sent_from_app method_deprecated missing_scope no_permission not_allowed_token_type
      permission_denied plan_upgrade_required team_access_not_granted two_factor_setup_required`,
    retry: false,
    uncertain: false,
    reason: 'the bot is not allowed to: check its token and its scopes',
  },
  {
    names: `cannot_reply_to_message channel_is_limited_access channel_not_found invalid_channel is_archived is_inactive
      messages_tab_disabled method_not_supported_for_channel_type not_in_channel posting_to_channel_denied
      restricted_action restricted_action_non_threadable_channel restricted_action_read_only_channel
      restricted_action_thread_locked restricted_action_thread_only_channel thread_not_found too_many_members`,
    retry: false,
    uncertain: false,
    reason: 'the channel does not take it: it is gone, archived or closed to the bot',
  },
  {
    names: `cant_update_message edit_window_closed file_deleted file_is_deleted file_not_found file_not_shared
      message_not_found not_pinnable`,
    retry: false,
    uncertain: false,
    reason: 'what it is about is gone or may not be changed any more',
  },
  {
    names: `cant_invite cant_invite_self invalid_user_combination invitee_cant_see_channel missing_user no_such_subteam
      no_external_invite_permission org_user_not_in_team too_many_users ura_max_channels user_disabled
      user_is_restricted user_not_found user_not_in_channel user_not_visible`,
    retry: false,
    uncertain: false,
    reason: 'the person or group cannot be reached there',
  },
  {
    names: 'already_archived already_in_channel already_pinned file_already_added',
    retry: false,
    uncertain: false,
    reason: 'it is done already',
  },
  {
    names: 'name_taken cannot_create_channel canvas_disabled_user_team',
    retry: false,
    uncertain: false,
    reason: 'Slack does not create that channel',
  },
  {
    names: `exchanged_trigger_id expired_trigger_id invalid_trigger_id hash_conflict duplicate_external_id not_found
      push_limit_reached not_enabled not_implemented`,
    retry: false,
    uncertain: false,
    reason: 'the dialog has moved on or came too late',
  },
  {
    names: `too_many_pins too_many_bookmarks too_many_tabs storage_limit_reached file_share_limit_reached
      max_file_sharing_exceeded file_uploads_disabled file_uploads_except_images_disabled file_type_not_allowed
      blocked_file_type file_upload_size_restricted snippet_too_large channels_limit_exceeded cant_archive_general
      cant_archive_required parent_bookmark_disabled slack_connect_blocked_file_type slack_connect_canvas_sharing_blocked
      slack_connect_clip_sharing_blocked slack_connect_file_link_sharing_blocked slack_connect_lists_sharing_blocked
      slack_connect_file_upload_sharing_blocked cannot_bookmark_from_external_org
      cannot_bookmark_restricted_sharing_enabled`,
    retry: false,
    uncertain: false,
    reason: 'the workspace does not allow more of it',
  },
  {
    names: `alt_txt_too_large attachment_payload_limit_exceeded bad_timestamp block_mismatch cant_broadcast_message
      draft_already_deleted draft_already_sent draft_has_conflict draft_not_found duplicate_channel_not_found
      duplicate_message_not_found enterprise_not_found invalid_app_action_type invalid_arg_name invalid_arguments
      invalid_array_arg invalid_attachments invalid_blocks invalid_blocks_format invalid_bookmark_type invalid_charset
      invalid_child_type invalid_cursor invalid_emoji invalid_entity_id invalid_form_data invalid_limit invalid_link
      invalid_metadata_filter_keys invalid_metadata_format invalid_metadata_schema invalid_name invalid_name_maxlength
      invalid_name_punctuation invalid_name_required invalid_name_specials invalid_parent_type invalid_post_type
      invalid_shortcut_type invalid_team invalid_ts_latest invalid_ts_oldest invalid_types markdown_text_conflict
      metadata_too_large missing_argument missing_file_data missing_post_type missing_profile_id msg_blocks_too_long
      msg_too_long no_channel no_dual_broadcast_content_update no_item_specified no_text no_user not_enough_users
      org_not_found parent_with_link team_not_found team_not_on_enterprise too_long too_many_attachments
      too_many_contact_cards unknown_snippet_type unknown_subtype users_list_not_supplied view_too_large`,
    retry: false,
    uncertain: false,
    reason: 'Slack refused what we sent, which is a fault of Warroom',
  },
];

const TABLE: ReadonlyMap<string, Facts> = new Map(
  GROUPS.flatMap(({ names, ...facts }) => names.split(/\s+/u).map((name) => [name, facts] as const)),
);

/** The connection was never made: nothing can have reached Slack. */
const NEVER_REACHED = new Set([
  'EAI_AGAIN',
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'UND_ERR_CONNECT_TIMEOUT',
]);

const UNKNOWN: Facts = { retry: true, uncertain: true, reason: 'the answer of Slack was not understood' };

/** What is known about one of Slack's error names; undefined for a name that the table does not have. */
export function findSlackError(name: string): Facts | undefined {
  return TABLE.get(name);
}

/** Judges what a WebClient threw. What is not known counts as temporary and uncertain: it is looked up before a repeat. */
export function classifyFailure(error: unknown): SlackFailure {
  if (error instanceof WebAPIRateLimitedError) {
    return failure('ratelimited', { ...facts('ratelimited'), afterMs: error.retryAfter * 1_000 });
  }
  if (error instanceof WebAPIPlatformError) {
    const name = error.data.error;
    // A body that is no JSON (a proxy's page) arrives as an "error name".
    return TABLE.has(name) ? failure(name, facts(name)) : failure(/^\w{1,80}$/u.test(name) ? name : 'no_json', UNKNOWN);
  }
  if (error instanceof WebAPIHTTPError) return httpFailure(error.statusCode);
  const network = networkCode(error instanceof WebAPIRequestError ? error.original : error);
  if (network === 'timeout') return failure('timeout', { ...UNKNOWN, reason: 'Slack did not answer in time' });
  if (network === null) return failure('unknown', UNKNOWN);
  const reason = 'the connection to Slack failed';
  return failure(`network_${network}`, { retry: true, uncertain: !NEVER_REACHED.has(network), reason });
}

/**
 * True when waiting does not help whoever starts the process: Slack refuses the token or what it may do. What is under
 * way goes on waiting for a new token all the same.
 */
export function isRefused(failure: SlackFailure): boolean {
  return !failure.retry || TOKEN_REFUSED.split(' ').includes(failure.code);
}

function facts(name: string): Facts {
  return TABLE.get(name) ?? UNKNOWN;
}

function failure(code: string, found: Facts & { afterMs?: number }): SlackFailure {
  return {
    code,
    retry: found.retry,
    uncertain: found.uncertain,
    reason: `${found.reason} (${code})`,
    afterMs: found.afterMs ?? 0,
  };
}

/** A server that failed may have done the work before; one that refused the request has not. */
function httpFailure(status: number): SlackFailure {
  const code = `http_${status}`;
  if (status >= 500) return failure(code, { retry: true, uncertain: true, reason: 'Slack is in trouble' });
  const temporary = status === 408 || status === 425 || status === 429;
  return failure(code, { retry: temporary, uncertain: status === 408, reason: 'Slack refused the request' });
}

/** `timeout`, the code of the innermost cause, or null when there is none. */
function networkCode(error: unknown): string | null {
  let code: string | null = null;
  for (let cause: unknown = error, depth = 0; cause instanceof Error && depth < 6; cause = cause.cause, depth += 1) {
    if (cause.name === 'TimeoutError' || cause.name === 'AbortError') return 'timeout';
    if ('code' in cause && typeof cause.code === 'string' && !cause.code.startsWith('slack_webapi')) code = cause.code;
  }
  return code;
}
