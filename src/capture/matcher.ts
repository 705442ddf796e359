/**
 * Tells whether a text is one of those that `patterns` mean: a text means itself, `*` in it any run of characters, and a
 * regular expression whatever it finds a match in.
 */
export function matcher(patterns: readonly (string | RegExp)[]): (text: string) => boolean {
  const expressions = patterns.map((pattern) => (typeof pattern === 'string' ? expressionOf(pattern) : pattern));
  // Unlike `test`, `search` doesn't go on where an expression with the flag `g` has stopped.
  return (text) => expressions.some((expression) => text.search(expression) >= 0);
}

function expressionOf(pattern: string): RegExp {
  const parts = pattern.split(/\*+/).map((part) => part.replace(/[\\^$.|?+()[\]{}]/g, '\\$&'));
  return new RegExp(`^${parts.join('[^]*')}$`);
}
