/** Mail: what arrives in a mailbox becomes items, deliveries become mails. */
package io.serai.connector.mail;
