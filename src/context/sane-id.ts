/** An id that another system may have made: taken if it can't do harm in a log, a header or a query. */
export function isSaneId(id: unknown): id is string {
  return typeof id === 'string' && SANE.test(id);
}

const SANE = /^[\w.:@/+=~-]{1,128}$/;
