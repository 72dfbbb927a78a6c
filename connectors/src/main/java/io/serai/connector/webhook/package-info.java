/** Webhooks in: believed before they are parsed, stored before they are answered. */
package io.serai.connector.webhook;
