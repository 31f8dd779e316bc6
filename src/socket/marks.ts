/** Sets in which connections enter themselves, so that a commit batch visits only these. */
export interface Marks<Connection> {
  /** Connections that have something to send. */
  readonly unsent: Set<Connection>;
  /** Connections whose stored attachment is out of date. */
  readonly changed: Set<Connection>;
  /** Connections whose subscription has changed in the queue. */
  readonly subscriptionChanged: Set<Connection>;
  /** Connections with a reply after which their client probably sends its next command. */
  readonly answered: Set<Connection>;
}
