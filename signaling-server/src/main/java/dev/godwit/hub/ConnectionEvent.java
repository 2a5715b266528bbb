package dev.godwit.hub;

/** What the handlers of one connection tell each other. */
enum ConnectionEvent {
  /** The login took too long. */
  LOGIN_OVERDUE,
  /** The hub ends. */
  SHUTTING_DOWN,
  /** The same process logged in on another connection. */
  REPLACED
}
