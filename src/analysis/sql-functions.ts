/**
 * Functions of PostgreSQL's own catalogue (14 to 18) that a reading statement may call, reviewed by name. Left out on purpose:
 * everything that signals, locks, waits, notifies, resets, writes, reads files or large objects, moves a sequence, changes a
 * setting, or executes text as SQL (query_to_xml, ts_stat, cursor_to_xml …).
 */
const READING_FUNCTIONS = new Set(
  `
  any_value array_agg avg bit_and bit_or bit_xor bool_and bool_or corr count covar_pop covar_samp every json_agg json_object_agg
  jsonb_agg jsonb_object_agg max min mode percentile_cont percentile_disc range_agg regr_avgx regr_avgy regr_count regr_intercept
  regr_r2 regr_slope regr_sxx regr_sxy regr_syy stddev stddev_pop stddev_samp string_agg sum var_pop var_samp variance

  cume_dist dense_rank first_value lag last_value lead nth_value ntile percent_rank rank row_number

  abs cbrt ceil ceiling degrees div exp factorial floor gcd lcm ln log log10 min_scale mod pi power radians random round scale sign
  sqrt trim_scale trunc width_bucket acos asin atan atan2 cos sin tan erf

  ascii bit_length btrim casefold char_length character_length chr concat concat_ws convert_from convert_to decode encode format
  initcap left length like_escape lower lpad ltrim md5 normalize octet_length overlay parse_ident position quote_ident
  quote_literal quote_nullable regexp_count regexp_instr regexp_like regexp_match regexp_matches regexp_replace
  regexp_split_to_array regexp_split_to_table regexp_substr repeat replace reverse right rpad rtrim similar_to_escape split_part
  starts_with string_to_array string_to_table strpos substr substring to_ascii to_hex translate trim unistr upper sha224 sha256
  sha384 sha512 crc32 crc32c get_bit get_byte bit_count

  age clock_timestamp date_add date_bin date_part date_subtract date_trunc extract isfinite justify_days justify_hours
  justify_interval make_date make_interval make_time make_timestamp make_timestamptz now overlaps statement_timestamp timeofday
  timezone to_char to_date to_number to_timestamp transaction_timestamp

  array_append array_cat array_dims array_fill array_length array_lower array_ndims array_position array_positions array_prepend
  array_remove array_replace array_reverse array_sort array_to_json array_to_string array_upper cardinality trim_array unnest
  generate_series generate_subscripts

  json_array_elements json_array_elements_text json_array_length json_build_array json_build_object json_each json_each_text
  json_extract_path json_extract_path_text json_object json_object_keys json_populate_record json_populate_recordset
  json_strip_nulls json_to_record json_to_recordset json_typeof jsonb_array_elements jsonb_array_elements_text
  jsonb_array_length jsonb_build_array jsonb_build_object jsonb_each jsonb_each_text jsonb_extract_path
  jsonb_extract_path_text jsonb_insert jsonb_object jsonb_object_keys jsonb_path_exists jsonb_path_match jsonb_path_query
  jsonb_path_query_array jsonb_path_query_first jsonb_populate_record jsonb_populate_recordset jsonb_pretty jsonb_set
  jsonb_set_lax jsonb_strip_nulls jsonb_to_record jsonb_to_recordset jsonb_typeof row_to_json to_json to_jsonb

  isempty lower_inc lower_inf upper_inc upper_inf range_merge int4range int8range numrange tsrange tstzrange daterange
  host hostmask abbrev broadcast family masklen netmask network set_masklen text inet_merge inet_same_family
  gen_random_uuid uuidv4 uuidv7 uuid_extract_timestamp uuid_extract_version
  num_nonnulls num_nulls pg_typeof pg_input_is_valid pg_input_error_info

  current_catalog current_database current_query current_role current_schema current_schemas current_setting current_user
  inet_client_addr inet_client_port inet_server_addr inet_server_port session_user user version
  pg_backend_pid pg_blocking_pids pg_safe_snapshot_blocking_pids pg_conf_load_time pg_postmaster_start_time pg_is_in_recovery
  pg_is_wal_replay_paused pg_last_wal_receive_lsn pg_last_wal_replay_lsn pg_last_xact_replay_timestamp pg_current_wal_lsn
  pg_current_wal_insert_lsn pg_current_wal_flush_lsn pg_wal_lsn_diff pg_walfile_name pg_jit_available pg_trigger_depth
  pg_my_temp_schema pg_is_other_temp_schema pg_current_xact_id_if_assigned txid_current_if_assigned pg_current_snapshot
  txid_current_snapshot pg_snapshot_xmin pg_snapshot_xmax pg_snapshot_xip pg_xact_status txid_status pg_last_committed_xact
  pg_xact_commit_timestamp mxid_age pg_notification_queue_usage

  pg_column_size pg_column_compression pg_database_size pg_indexes_size pg_relation_size pg_size_bytes pg_size_pretty
  pg_table_size pg_tablespace_size pg_total_relation_size pg_relation_filenode pg_relation_filepath

  format_type obj_description col_description shobj_description pg_get_constraintdef pg_get_expr pg_get_functiondef
  pg_get_function_arguments pg_get_function_identity_arguments pg_get_function_result pg_get_indexdef pg_get_keywords
  pg_get_partkeydef pg_get_partition_constraintdef pg_get_ruledef pg_get_serial_sequence pg_get_statisticsobjdef
  pg_get_triggerdef pg_get_userbyid pg_get_viewdef pg_partition_ancestors pg_partition_root pg_partition_tree
  pg_index_column_has_property pg_index_has_property pg_indexam_has_property pg_options_to_table pg_tablespace_databases
  pg_tablespace_location pg_describe_object pg_identify_object pg_encoding_to_char pg_char_to_encoding pg_client_encoding
  pg_collation_actual_version to_regclass to_regcollation to_regnamespace to_regoper to_regoperator to_regproc
  to_regprocedure to_regrole to_regtype pg_collation_is_visible pg_function_is_visible pg_operator_is_visible
  pg_table_is_visible pg_type_is_visible pg_sequence_parameters pg_sequence_last_value row_security_active pg_has_role
  has_any_column_privilege has_column_privilege has_database_privilege has_foreign_data_wrapper_privilege
  has_function_privilege has_language_privilege has_parameter_privilege has_schema_privilege has_sequence_privilege
  has_server_privilege has_table_privilege has_tablespace_privilege has_type_privilege

  pg_lock_status pg_show_all_settings pg_stat_get_activity pg_stat_get_backend_activity pg_stat_get_backend_idset
  pg_stat_get_backend_pid pg_stat_get_backend_start pg_stat_get_backend_wait_event pg_stat_get_backend_wait_event_type
  pg_stat_get_db_conflict_all pg_stat_get_db_deadlocks pg_stat_get_db_numbackends pg_stat_get_db_xact_commit
  pg_stat_get_db_xact_rollback pg_stat_get_dead_tuples pg_stat_get_live_tuples pg_stat_get_last_autovacuum_time
  pg_stat_get_last_vacuum_time pg_stat_get_last_analyze_time pg_stat_get_last_autoanalyze_time pg_stat_get_numscans
  pg_stat_get_tuples_deleted pg_stat_get_tuples_inserted pg_stat_get_tuples_updated pg_stat_get_wal_senders
  pg_stat_get_wal_receiver pg_stat_statements pg_stat_statements_info

  plainto_tsquery phraseto_tsquery websearch_to_tsquery to_tsquery to_tsvector ts_headline ts_rank ts_rank_cd numnode
  similarity word_similarity
  `
    .trim()
    .split(/\s+/u),
);

/** Functions that remove something or take a role over: more than a change. */
const DESTRUCTIVE_FUNCTIONS = new Set(
  'pg_drop_replication_slot pg_replication_origin_drop pg_promote lo_unlink pg_file_unlink'.split(' '),
);

/** True for a listed function, alone or as `pg_catalog.name`; a function of another schema is never taken for reading. */
export function isReadingFunction(path: readonly string[]): boolean {
  const name = ownName(path);
  return name !== null && READING_FUNCTIONS.has(name);
}

/** True for a function of PostgreSQL's own whose effect cannot be taken back. */
export function isDestructiveFunction(path: readonly string[]): boolean {
  const name = ownName(path);
  return name !== null && DESTRUCTIVE_FUNCTIONS.has(name);
}

/** Every listed name, for the test that compares the list with a real server's catalogue. */
export function readingFunctionNames(): string[] {
  return [...READING_FUNCTIONS];
}

function ownName(path: readonly string[]): string | null {
  if (path.length === 1) return path[0] ?? null;
  return path.length === 2 && path[0] === 'pg_catalog' ? (path[1] ?? null) : null;
}
