/** What does `fn` when it is first called, and nothing after that: for what is set up once a process, and for ever. */
export function once(fn: () => void): () => void {
  let isDone = false;
  return () => {
    if (isDone) return;
    isDone = true;
    fn();
  };
}
