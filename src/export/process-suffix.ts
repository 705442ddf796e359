/** The end of a line that tells which process wrote it: `,"host":"a3f1","pid":17}` and a line feed. */
export function processSuffix(): string {
  const { hostname } = process.getBuiltinModule('node:os');
  return `,"host":${JSON.stringify(hostname())},"pid":${process.pid}}\n`;
}
