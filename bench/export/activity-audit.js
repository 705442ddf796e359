import { answer } from './answer.js';
import { flush, logs } from './audit-records.js';

answer(logs, flush);
