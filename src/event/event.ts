/**
 * The record contract: each event is what one line of a file says, with the line's keys in the line's order. First come
 * the keys of the original system, so that pipelines written for it keep working; ours follow. A key whose value is
 * undefined is absent from the line.
 */

export type Json = string | number | boolean | null | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json | undefined;
}

export type Level = 'AUDIT' | 'LOGIN' | 'API';
export type AppLevel = 'TRACE' | 'DEBUG' | 'INFO' | 'WARN' | 'ERROR' | 'FATAL';
export type Outcome = 'success' | 'failure' | 'unknown';

/** `YYYY-MM-DD HH:MM:SS.mmm`, UTC. */
export type Timestamp = string;

/** What every record may end with. */
export interface Tail {
  readonly outcome?: Outcome | undefined;
  /** Never empty: the user's id, `anonymous` or `system`. Absent only on app records of foreign code. */
  readonly actor_id?: string | undefined;
  readonly actor_type?: 'user' | 'service' | 'system' | undefined;
  /** The same on every record made while serving one request. */
  readonly request_id?: string | undefined;
  readonly trace_id?: string | undefined;
  readonly span_id?: string | undefined;
  /** Where the event itself has no such key. */
  readonly service_name?: string | undefined;
  /** UUIDv7. */
  readonly record_id?: string | undefined;
  readonly schema_version?: string | undefined;
}

export type ModelAction =
  | 'CREATE'
  | 'READ'
  | 'UPDATE'
  | 'DELETE'
  | 'RESTORE'
  | 'UPSERT'
  | 'BULK_CREATE'
  | 'BULK_UPDATE'
  | 'BULK_DELETE'
  | 'BULK_RESTORE'
  | 'TRUNCATE'
  | 'SQL';

/** What the application says itself that it did: `EXPORT`. */
export type ApplicationAction = Uppercase<string>;

/** `{field: [old, new]}`. */
export interface Changes {
  readonly [field: string]: readonly [Json, Json];
}

/**
 * One change of a model, or one look at it.
 *
 * @typeParam Text how JSON is held that isn't needed as a value
 */
export interface ModelEvent<Text = never> extends Tail {
  readonly timestamp: Timestamp;
  readonly level: 'AUDIT';
  readonly name: 'audit.model';
  readonly message: string;
  readonly model: string;
  readonly event_type: ModelAction | ApplicationAction;
  /** The primary key as a string, a composite one as `a,b`, `""` for several rows or none. */
  readonly instance_id: string;
  /** The row after the change, before it for a delete. */
  readonly instance_repr: JsonObject | Text;
  readonly user_id: string;
  readonly user_info: JsonObject | Text;
  readonly extra: JsonObject | Text;
  /** Fields that differ. */
  readonly changes?: Changes | Text | undefined;
  readonly transaction_id?: string | undefined;
  readonly error_message?: string | undefined;
}

/** @typeParam Text how JSON is held that isn't needed as a value */
export interface IncomingRequestRepr<Text = never> {
  readonly method: string;
  readonly path: string;
  readonly query_params: JsonObject;
  /** Names as sent; a repeated one becomes a list. */
  readonly headers: JsonObject | Text;
  readonly user: string | null;
  readonly body?: Json | Text | undefined;
  readonly body_truncated?: true | undefined;
}

export interface OutgoingRequestRepr<Text = never> {
  readonly endpoint: string;
  readonly method: string;
  readonly headers: JsonObject | Text;
  readonly body?: Json | Text | undefined;
  readonly body_truncated?: true | undefined;
}

export interface ResponseRepr<Text = never> {
  /** Absent if no response was sent. */
  readonly status_code?: number | undefined;
  readonly headers: JsonObject | Text;
  readonly body?: Json | Text | undefined;
  readonly body_truncated?: true | undefined;
}

/** One HTTP exchange, in (`internal`) or out (`external`). */
export interface RequestEvent<Text = never> extends Tail {
  readonly timestamp: Timestamp;
  readonly level: 'API';
  readonly name: 'audit.request';
  readonly message: 'Audit Internal Request' | 'Audit External Service';
  readonly service_name: string;
  readonly request_type: 'internal' | 'external';
  readonly protocol: string;
  readonly user_id: string;
  readonly user_info: JsonObject | Text;
  readonly request_repr: IncomingRequestRepr<Text> | OutgoingRequestRepr<Text>;
  readonly response_repr: ResponseRepr<Text>;
  readonly error_message: string | null;
  /** Seconds. */
  readonly execution_time: number;
  readonly route?: string | undefined;
  readonly client_address?: string | undefined;
  /** True byte counts of the bodies as they were on the wire, also where the body was cut. */
  readonly request_size?: number | undefined;
  readonly response_size?: number | undefined;
  /** What the application's hooks added. */
  readonly attributes?: JsonObject | undefined;
}

/** A login, logout, or another event of a user's account. */
export interface LoginEvent extends Tail {
  readonly timestamp: Timestamp;
  readonly level: 'LOGIN';
  readonly name: 'audit.login';
  readonly message: string;
  readonly user_id: string;
  readonly user_info: JsonObject;
  readonly event: string;
  readonly success: boolean;
  readonly error: string | null;
  readonly extra: JsonObject;
}

/** What any code in the process logged through the Logs API. */
export interface AppEvent extends Tail {
  readonly timestamp: Timestamp;
  readonly level: string;
  readonly name: string;
  /** The caller's file, `""` where it is not known; so are `module` and `function`. */
  readonly path: string;
  readonly module: string;
  readonly function: string;
  readonly message: string;
  /** `""`, or the whole stack. */
  readonly exception: string;
  readonly line: number | '';
  /** What the caller gave beside the message. */
  readonly attributes?: JsonObject | undefined;
}

export type AuditEvent<Text = never> = ModelEvent<Text> | RequestEvent<Text> | LoginEvent;
export type AnyEvent<Text = never> = AuditEvent<Text> | AppEvent;
