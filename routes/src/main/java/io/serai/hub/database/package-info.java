/** Where PostgreSQL comes from: one of our own in the data folder, or anybody's by address. */
package io.serai.hub.database;
