/**
 * activity-audit tells who did what: every HTTP exchange and every row that Sequelize creates, reads, changes or deletes
 * becomes an OpenTelemetry LogRecord. `activity-audit/register` does all of it; what is here is for applications with an
 * OpenTelemetry SDK of their own, and for the application's own code.
 */
import { startFollowing } from './context/work.ts';

export { type AuditInstrumentation, auditInstrumentations } from './instrumentations.ts';
export { type ApplicationEvent, audit } from './capture/audit.ts';
export { type ApplicationLogin, auditLogin } from './capture/audit-login.ts';
export { type SequelizeInstrumentationConfig, auditSequelize } from './capture/audit-sequelize.ts';
export { type LogLevel, type LogMethod, type Logger, getLogger } from './capture/get-logger.ts';
export type { LogThreshold, LogThresholds } from './capture/log-levels.ts';
export { type SequelizeCoverage, sequelizeCoverage } from './capture/sequelize-coverage.ts';
export { HTTPClient } from './clients/http-client.ts';
export type { HTTPClientOptions, HTTPFields, HTTPRequestOptions } from './clients/http-client-options.ts';
export { type Actor, type ActorLike, type UserInfo, currentActor, setActor, withActor } from './context/actor.ts';
export { type CarriedWork, carriedWork, withWork } from './context/carried-work.ts';
export { withPeer } from './context/peer.ts';
export type { UserOf } from './capture/actor-finder.ts';
export type { Attributes, ExchangeRequest, ExchangeResponse } from './capture/exchange-hooks.ts';
export type { ModelChoice, ModelChoices, ModelOptions } from './capture/model-options.ts';
export type { OutgoingRequest } from './capture/outgoing-request.ts';
export type {
  AnyEvent,
  AppEvent,
  ApplicationAction,
  AuditEvent,
  Json,
  JsonObject,
  LoginEvent,
  ModelAction,
  ModelEvent,
  Outcome,
  RequestEvent,
} from './event/event.ts';
export {
  type RedactionAction,
  type RedactionOptions,
  type RedactionRule,
  type Redactor,
  createRedactor,
} from './event/redact.ts';
export { AuditUnavailableError } from './event/audit-unavailable-error.ts';
export { AuditLogRecordProcessor } from './export/audit-log-record-processor.ts';
export { ConsoleLogRecordExporter } from './export/console-log-record-exporter.ts';
export { type AuditHealth, type StreamHealth, auditHealth } from './export/export-health.ts';
export { FileLogRecordExporter } from './export/file-log-record-exporter.ts';
export type { Format } from './export/format.ts';
export type { Durability, PerStream, WhenUnavailable } from './export/policy.ts';
export type { Retention, RetentionLimits } from './export/retention.ts';
export type { Rotation } from './export/rotation.ts';
export { StdoutLogRecordExporter } from './export/stdout-log-record-exporter.ts';
export { type AuditOptions, type InstrumentationOptions, OptionError } from './options.ts';

// Who calls `setActor` for one job names nobody else's.
startFollowing();
