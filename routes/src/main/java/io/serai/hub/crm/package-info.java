/** The word {@code crm:} of a route: what spokes say goes in, what they have to hear comes out. */
package io.serai.hub.crm;
