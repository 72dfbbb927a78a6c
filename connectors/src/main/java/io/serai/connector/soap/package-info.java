/** SOAP out, document/literal wrapped, on the same transport as JSON. */
package io.serai.connector.soap;
