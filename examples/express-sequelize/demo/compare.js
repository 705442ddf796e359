/**
 * Compares the records with what really happened: what was sent, what the database committed, and which secrets there
 * were.
 *
 * @typedef {import('./journal.js').RowChange} RowChange
 * @typedef {{ text: string, problems: string[] }} Check
 */

/**
 * @param {object} facts
 * @param {import('./visitor.js').Step[]} facts.steps
 * @param {RowChange[]} facts.committed
 * @param {string[]} facts.secrets
 * @param {string} facts.output what the application printed
 * @param {import('./records.js').RecordFile[]} facts.files
 * @returns {Check[]}
 */
export function compare({ steps, committed, secrets, output, files: [audit, api, app] }) {
  const changes = audit.records.filter(isChange);
  const { unrecorded, uncommitted } = match(committed, changes);
  const failed = steps.filter(({ status }) => status >= 400);
  const rolledBack = failed.filter(({ what }) => what.endsWith('rolled back'));
  return [
    {
      text: `each of the ${committed.length} row changes that the database committed has exactly one record`,
      problems: unrecorded.map(({ operation, model, key }) => `no record of ${operation} ${model} ${key}`),
    },
    {
      text: `each of the ${changes.length} records of changes tells of committed ones, and no change is told twice`,
      problems: uncommitted.map(({ record }) => `recorded, but not committed: ${record.message}`),
    },
    {
      text: `none of the ${failed.length} requests that failed, ${rolledBack.length} by a rollback, has a record of a change done`,
      problems: changes
        .filter((record) => requestOf(record, failed))
        .map(({ message }) => `recorded as done: ${message}`),
    },
    {
      text: `each of the ${audit.records.length} audit records names the user who sent the request, also of two at once`,
      problems: audit.records.flatMap((record) => wrongUser(record, steps)),
    },
    {
      text: `each of the ${steps.length} HTTP requests has exactly one record, with its status and its user`,
      problems: [...steps.flatMap((step) => wrongRequest(step, api.records)), ...strangers(api.records, steps)],
    },
    {
      text: `none of the ${secrets.length} passwords, tokens and hashes is in a file or on the console`,
      problems: secrets.flatMap((secret) => leaks(secret, [audit, api, app, { name: 'the console', text: output }])),
    },
  ];
}

const OPERATIONS = { CREATE: 'INSERT', UPDATE: 'UPDATE', DELETE: 'DELETE' };

/** Whether a record says that rows were changed. */
function isChange({ name, event_type: type, outcome }) {
  return name === 'audit.model' && type.replace('BULK_', '') in OPERATIONS && outcome !== 'failure';
}

/**
 * Strikes out each committed change that a record tells of.
 *
 * @param {RowChange[]} committed
 * @param {any[]} records
 */
function match(committed, records) {
  const unrecorded = [...committed];
  const told = records.flatMap(changesIn);
  const withKey = told.filter(({ key }) => key !== undefined);
  const counted = told.filter(({ key }) => key === undefined);
  const uncommitted = [...withKey, ...counted].filter((change) => {
    const index = unrecorded.findIndex((row) => isSame(row, change));
    if (index >= 0) unrecorded.splice(index, 1);
    return index < 0;
  });
  return { unrecorded, uncommitted };
}

/** The row changes that a record tells of. Where it only knows how many there were, they are without a key. */
function changesIn(record) {
  const { event_type: type, model, instance_id: id, extra } = record;
  const keys = type.startsWith('BULK_') ? (extra.instance_ids ?? Array(extra.total_count).fill(undefined)) : [id];
  return keys.map((key) => ({ operation: OPERATIONS[type.replace('BULK_', '')], model, key, record }));
}

function isSame(row, { operation, model, key }) {
  return row.operation === operation && row.model === model && (key === undefined || row.key === key);
}

function requestOf(record, steps) {
  return steps.find(({ requestId }) => requestId === record.request_id);
}

function wrongUser(record, steps) {
  const step = requestOf(record, steps);
  if (!step) return [`${record.message} belongs to no request`];
  return step.userId === record.user_id ? [] : [`${record.message} is not by ${step.who}`];
}

function wrongRequest({ requestId, method, target, status, userId }, records) {
  const found = records.filter((record) => record.request_id === requestId);
  const right = found.filter((record) => record.response_repr.status_code === status && record.user_id === userId);
  if (found.length === 1 && right.length === 1) return [];
  return [`${method} ${target} (${requestId}) has ${found.length} records, ${right.length} of them right`];
}

function strangers(records, steps) {
  return records
    .filter((record) => !requestOf(record, steps))
    .map(({ request_id: requestId }) => `nobody sent ${requestId}`);
}

function leaks(secret, texts) {
  return texts.filter(({ text }) => text.includes(secret)).map(({ name }) => `${secret} is in ${name}`);
}
