const CODE = 'AUDIT_UNAVAILABLE';

/**
 * What a change of the database is rejected with, before the database learns of it, while its record could not be written
 * and the option `whenUnavailable` says `closed`. An instance of one copy of this package is one of all: `register` has its own.
 */
export class AuditUnavailableError extends Error {
  override readonly name = 'AuditUnavailableError';
  readonly code: typeof CODE = CODE;

  static override [Symbol.hasInstance](value: unknown): boolean {
    return value instanceof Error && (value as { code?: unknown }).code === CODE;
  }

  /** @param reason why no record can be written */
  constructor(reason: string) {
    super(`activity-audit: no audit record can be written, so that nothing is changed: ${reason}`);
  }
}
