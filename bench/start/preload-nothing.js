/** What `--import` itself costs. */
export {};
