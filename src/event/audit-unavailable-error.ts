/**
 * What a change of the database is rejected with, before the database learns of it, while its record could not be written
 * and the option `whenUnavailable` says `closed`.
 */
export class AuditUnavailableError extends Error {
  override readonly name = 'AuditUnavailableError';
  readonly code = 'AUDIT_UNAVAILABLE';

  /** @param reason why no record can be written */
  constructor(reason: string) {
    super(`activity-audit: no audit record can be written, so that nothing is changed: ${reason}`);
  }
}
