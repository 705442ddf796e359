/** What `--import` itself costs. */
