/** The queue that both processes know. */
export const REPORTS = 'reports';

/** Where Redis is: a URL, or the path of a socket. */
export const connection = {
  url: process.env.REDIS_URL ?? 'redis://localhost:6379',
  // What bullmq asks of a worker's connection: it waits for jobs as long as there are none.
  maxRetriesPerRequest: null,
};
