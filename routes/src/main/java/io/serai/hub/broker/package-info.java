/** Where the queues come from: a broker of our own in the data folder, or anybody's by address. The hub runs without. */
package io.serai.hub.broker;
