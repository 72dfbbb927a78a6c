/**
 * The fault suite. Everything in it is the real thing and a process of its own: hub, PostgreSQL, broker, the company's systems.
 * What it finds out it reads from the ledgers of those systems, not from the hub.
 */
package io.serai.faults;
