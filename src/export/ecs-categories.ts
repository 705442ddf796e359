import type { AuditEvent } from '../event/event.ts';
import type { JsonText } from '../event/json-text.ts';
import { verbOf } from '../event/model-event.ts';

/** Of the names that the Elastic Common Schema gives to kinds of events, those that are true; absent where none is. */
export interface EcsCategories {
  readonly category?: 'authentication' | 'database' | 'iam' | 'network' | 'web';
  readonly type?: 'access' | 'change' | 'end' | 'protocol' | 'start' | 'user';
}

export function ecsCategories(event: AuditEvent<JsonText>): EcsCategories {
  switch (event.name) {
    case 'audit.model':
      return ofChange(verbOf(event.event_type));
    case 'audit.request':
      return event.request_type === 'internal'
        ? { category: 'web', type: 'access' }
        : { category: 'network', type: 'protocol' };
    default:
      return ofAccount(event.event);
  }
}

/** What raw SQL does isn't known, nor is what the application calls an action of its own. */
function ofChange(verb: string): EcsCategories {
  switch (verb) {
    case 'READ':
      return { category: 'database', type: 'access' };
    case 'CREATE':
    case 'UPDATE':
    case 'DELETE':
      return { category: 'database', type: 'change' };
    case 'SQL':
      return { category: 'database' };
    default:
      return {};
  }
}

function ofAccount(event: string): EcsCategories {
  switch (event) {
    case 'login':
    case 'login_failed':
      return { category: 'authentication', type: 'start' };
    case 'logout':
      return { category: 'authentication', type: 'end' };
    default:
      return { category: 'iam', type: 'user' };
  }
}
