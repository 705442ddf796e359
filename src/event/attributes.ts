/**
 * The attribute names of our LogRecords, in one place, since some still move: `audit.*` follow OpenTelemetry's
 * audit-log draft (the branch `auditing` of github.com/apeirora/opentelemetry-specification), the rest are semantic
 * conventions 1.45. `test/event/attributes.test.ts` compares the latter with the published constants.
 */

export const SCHEMA_VERSION = '1';

export const AUDIT_RECORD_ID = 'audit.record.id';
export const AUDIT_SCHEMA_VERSION = 'audit.schema.version';
export const AUDIT_ACTION = 'audit.action';
export const AUDIT_OUTCOME = 'audit.outcome';
export const AUDIT_ACTOR_ID = 'audit.actor.id';
export const AUDIT_ACTOR_TYPE = 'audit.actor.type';
export const AUDIT_TARGET_ID = 'audit.target.id';
export const AUDIT_TARGET_TYPE = 'audit.target.type';
export const AUDIT_REQUEST_ID = 'audit.request.id';

/** Ours, where neither has a name. Those that end in `.json` hold JSON texts. */
export const AUDIT_EVENT_TYPE = 'audit.event.type';
export const AUDIT_TRANSACTION_ID = 'audit.transaction.id';
export const AUDIT_INSTANCE_JSON = 'audit.instance.json';
export const AUDIT_CHANGES_JSON = 'audit.changes.json';
export const AUDIT_EXTRA_JSON = 'audit.extra.json';
export const AUDIT_USER_INFO_JSON = 'audit.user_info.json';
export const AUDIT_REQUEST_TYPE = 'audit.request.type';
export const AUDIT_REQUEST_DURATION = 'audit.request.duration';
export const AUDIT_REQUEST_BODY_TRUNCATED = 'audit.request.body.truncated';
export const AUDIT_RESPONSE_BODY_TRUNCATED = 'audit.response.body.truncated';
export const AUDIT_LOGIN_EVENT = 'audit.login.event';
/** Of which of the three streams a line is, where they share a file, and a metric. */
export const AUDIT_STREAM = 'audit.stream';

/** Of a record `audit.loss`: how many records of its stream are lost, or were not synced, from when to when and why. */
export const AUDIT_LOSS_RECORDS = 'audit.loss.records';
export const AUDIT_LOSS_UNSYNCED = 'audit.loss.unsynced';
export const AUDIT_LOSS_FROM = 'audit.loss.from';
export const AUDIT_LOSS_TO = 'audit.loss.to';
export const AUDIT_LOSS_REASON = 'audit.loss.reason';

/** Metrics of what is exported, by stream. */
export const AUDIT_EXPORT_RECORDS = 'audit.export.records';
export const AUDIT_EXPORT_BYTES = 'audit.export.bytes';
export const AUDIT_EXPORT_LOST = 'audit.export.lost';
export const AUDIT_EXPORT_QUEUE = 'audit.export.queue';
export const AUDIT_EXPORT_WRITE_DURATION = 'audit.export.write.duration';
export const AUDIT_EXPORT_SYNC_DURATION = 'audit.export.sync.duration';

/** A counter, and whether a record of a model accounts for what it counts: `explained`, `unexplained` or `left_out`. */
export const AUDIT_SQL_STATEMENTS = 'audit.sql.statements';
export const AUDIT_SQL_COVERAGE = 'audit.sql.coverage';

export const CLIENT_ADDRESS = 'client.address';
export const CODE_FILE_PATH = 'code.file.path';
export const CODE_FUNCTION_NAME = 'code.function.name';
export const CODE_LINE_NUMBER = 'code.line.number';
export const ERROR_MESSAGE = 'error.message';
export const ERROR_TYPE = 'error.type';
export const EXCEPTION_MESSAGE = 'exception.message';
export const EXCEPTION_STACKTRACE = 'exception.stacktrace';
export const EXCEPTION_TYPE = 'exception.type';
export const HTTP_REQUEST_BODY_CONTENT = 'http.request.body.content';
export const HTTP_REQUEST_BODY_SIZE = 'http.request.body.size';
/** Followed by a name in lower case. */
export const HTTP_REQUEST_HEADER = 'http.request.header.';
export const HTTP_REQUEST_METHOD = 'http.request.method';
export const HTTP_RESPONSE_BODY_CONTENT = 'http.response.body.content';
export const HTTP_RESPONSE_BODY_SIZE = 'http.response.body.size';
/** Followed by a name in lower case. */
export const HTTP_RESPONSE_HEADER = 'http.response.header.';
export const HTTP_RESPONSE_STATUS_CODE = 'http.response.status_code';
export const HTTP_ROUTE = 'http.route';
export const LOG_IOSTREAM = 'log.iostream';
export const LOG_RECORD_UID = 'log.record.uid';
export const SERVER_ADDRESS = 'server.address';
export const SERVICE_NAME = 'service.name';
export const SERVICE_PEER_NAME = 'service.peer.name';
export const URL_FULL = 'url.full';
export const URL_PATH = 'url.path';
export const URL_QUERY = 'url.query';
export const URL_SCHEME = 'url.scheme';
export const USER_AGENT_ORIGINAL = 'user_agent.original';
export const USER_EMAIL = 'user.email';
export const USER_ID = 'user.id';
