import * as A from './attributes.ts';

/** The attributes of an app record that have a key of their own in its line, or say where it was printed already. */
const APP_KEYS: ReadonlySet<string> = new Set([
  A.CODE_FILE_PATH,
  A.CODE_FUNCTION_NAME,
  A.CODE_LINE_NUMBER,
  A.EXCEPTION_MESSAGE,
  A.EXCEPTION_STACKTRACE,
  A.EXCEPTION_TYPE,
  A.AUDIT_ACTOR_ID,
  A.AUDIT_ACTOR_TYPE,
  A.AUDIT_REQUEST_ID,
  A.AUDIT_RECORD_ID,
  A.LOG_IOSTREAM,
  A.LOG_RECORD_UID,
  A.AUDIT_SCHEMA_VERSION,
  A.AUDIT_OUTCOME,
]);

/** Whether an attribute of an app record says what its line says elsewhere. */
export function isAppKey(name: string): boolean {
  return APP_KEYS.has(name);
}
