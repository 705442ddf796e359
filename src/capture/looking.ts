/** Whether a value is being looked at by us, which its own code may notice: its `toString`, or how it has itself inspected. */
let looking = false;

export function isLooking(): boolean {
  return looking;
}

/** Looks at values that the application has printed: what they print while they are looked at, they printed before. */
export function whileLooking<T>(look: () => T): T {
  looking = true;
  try {
    return look();
  } finally {
    looking = false;
  }
}
